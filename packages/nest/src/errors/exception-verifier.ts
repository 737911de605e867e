import type { AccessTokenVerifier } from '@countersign/core/resource-server';
import type { GuardOptions } from '../guard-options.ts';
import { toVerifierException } from './access-token.exception.ts';
import { isRejection } from './unexpected-errors.ts';

/** On a verifier that `createExceptionVerifier` has created: the verifier whose errors it converts. */
const innerVerifier = Symbol.for('countersign.innerVerifier');

/**
 * Creates the verifier that the application injects. It throws each rejection as an `AccessTokenException`, so that the
 * exception filters of the application respond with its status. The exception is also an instance of the verifier's
 * error.
 *
 * The guard uses the inner verifier, because it converts errors for the context of its handler.
 */
export function createExceptionVerifier(
  verifier: AccessTokenVerifier,
  { errorFormat = 'nest' }: GuardOptions,
): AccessTokenVerifier {
  const toException = (error: unknown): unknown =>
    isRejection(error) ? toVerifierException(error, errorFormat) : error;
  const convert = async <T>(result: Promise<T>): Promise<T> => {
    try {
      return await result;
    } catch (error) {
      throw toException(error);
    }
  };
  return Object.assign(Object.create(verifier) as AccessTokenVerifier, {
    [innerVerifier]: verifier,
    verify: (request) => convert(verifier.verify(request)),
    verifyOptional: (request) => convert(verifier.verifyOptional(request)),
    verifyToken: (token, expected) => convert(verifier.verifyToken(token, expected)),
    findCachedRequest: (request) => verifier.findCachedRequest?.(request),
    authorize(request, requirements) {
      try {
        verifier.authorize(request, requirements);
      } catch (error) {
        throw toException(error);
      }
    },
    createAccessDeniedError: (description) =>
      toException(verifier.createAccessDeniedError(description)) as ReturnType<
        AccessTokenVerifier['createAccessDeniedError']
      >,
    statistics: () => verifier.statistics(),
  } satisfies Partial<AccessTokenVerifier> & { readonly [innerVerifier]: AccessTokenVerifier });
}

/** Gets the verifier whose errors are not converted. */
export const getInnerVerifier = (verifier: AccessTokenVerifier): AccessTokenVerifier =>
  (verifier as { readonly [innerVerifier]?: AccessTokenVerifier })[innerVerifier] ?? verifier;
