import { AuthError, TransportError } from '../errors.ts';
import { callListener, type EventListener } from '../events.ts';
import { isProduction } from '../internal/node-environment.ts';
import type { VerifierCounts } from './caches/statistics.ts';
import { type ChallengeOptions, toAccessTokenError } from './rejections/challenge.ts';
import { Rejection } from './rejections/rejection.ts';
import { recordUnexpectedCause } from './rejections/unexpected-cause.ts';
import { describeCause } from './token-verification.ts';

/** Converts an error of a verification to the one that the caller of the verifier receives. */
export type ErrorConversion = (error: unknown, scheme: 'Bearer' | 'DPoP' | undefined) => unknown;

/** Creates the function that converts, counts and reports the errors of one verifier. */
export function createErrorConversion({
  counts,
  challenge,
  reportFailure,
}: {
  readonly counts: VerifierCounts;
  readonly challenge: ChallengeOptions;
  readonly reportFailure: EventListener;
}): ErrorConversion {
  return (error, scheme) => {
    if (error instanceof TransportError) {
      counts.unavailable++;
      const cause = error.cause === undefined ? undefined : describeCause(error.cause);
      callListener(reportFailure, { type: 'token.unavailable', code: error.code, ...cause });
      return error;
    }
    if (error instanceof AuthError) return error;
    // Fail closed: an unexpected exception, of the application's rules or of this package, rejects the token.
    const rejection =
      error instanceof Rejection
        ? error
        : new Rejection('invalid_token', 'exception', 'The access token could not be verified', {
            reason: error instanceof Error ? error.name : typeof error,
          });
    const { code, check } = rejection;
    const { reason, errorName, describe } = rejection.details;
    counts.reject(code);
    const mismatch = describe && !isProduction() ? describe() : undefined;
    const detail = { ...(reason && { reason }), ...(errorName && { errorName }), ...mismatch };
    callListener(reportFailure, { type: 'token.rejected', code, check, ...detail });
    const publicError = toAccessTokenError(rejection, scheme, challenge);
    if (rejection !== error) recordUnexpectedCause(publicError, error);
    return publicError;
  };
}
