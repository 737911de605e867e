import * as oauth from 'oauth4webapi';
import { AuthorizationServerError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import {
  type AuthorizationTransaction,
  checkTransaction,
  rejectRepeatedParameters,
} from '../../protocol/authorization-transaction.ts';
import { toPrintableErrorCode } from '../../protocol/error-code.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { createJwtReader, hasOtherJwtType } from '../wire/jwt-checks.ts';
import { verifyWithKeys } from '../wire/provider-keys.ts';
import { toProtocolClient } from '../wire/request-options.ts';
import { translateError } from '../wire/translate-error.ts';

/** A validated authorization response: it belongs to its transaction, and holds a code. */
export interface AuthorizationResponse {
  readonly parameters: URLSearchParams;
}

/**
 * Validates what the provider sent with the user. The caller has consumed the transaction before:
 * it can be used once only, whatever comes of it.
 *
 * @param response the current URL, its query, or the form of a `form_post`
 * @throws ValidationError `transaction_invalid` or `authorization_response_invalid`
 * @throws AuthorizationServerError `authorization_error` when the provider answered with an error
 * @see RFC 6749 section 4.1.2, RFC 9207 section 2.4, JARM section 4.4
 */
export async function validateAuthorizationResponse(
  client: Client,
  response: URL | URLSearchParams,
  transaction: AuthorizationTransaction,
): Promise<AuthorizationResponse> {
  return traceOperation(client, 'validateAuthorizationResponse', async () => {
    const { options, now } = getClientContext(client);
    checkTransaction(transaction, { issuer: client.issuer, clientId: client.clientId, time: seconds(now) });
    const received = response instanceof URL ? response.searchParams : response;
    rejectRepeatedParameters(received);
    const signed = options.responseMode?.includes('jwt') === true;
    // The response mode is ours to choose: an unsigned answer to a request for a signed one is a downgrade (JARM section 4.4).
    if (signed !== received.has('response')) {
      throw new ValidationError(
        'authorization_response_invalid',
        'response_mode',
        'The answer came by another response mode.',
      );
    }
    const wire = toProtocolClient(client);
    try {
      // Keycloak writes `iss` twice with one value: every reader then reads the same.
      const jwtReader = createJwtReader(client, {
        code: 'authorization_response_invalid',
        equalRepeats: true,
      });
      if (signed) jwtReader.check(received.get('response') as string);
      const parameters = signed
        ? await verifyWithKeys(
            client,
            (metadata, keys) =>
              oauth.validateJwtAuthResponse(metadata, wire, received, transaction.state, {
                ...keys,
                ...jwtReader.decryptOptions,
              }),
            { sender: 'browser' },
          )
        : oauth.validateAuthResponse(await discover(client), wire, received, transaction.state);
      if (signed) requireSignedResponse(jwtReader.getSignedJwt(received.get('response') as string));
      if (!parameters.get('code')) {
        throw new ValidationError(
          'authorization_response_invalid',
          'code',
          'The authorization response has no code.',
        );
      }
      return { parameters };
    } catch (error) {
      if (error instanceof oauth.AuthorizationResponseError) {
        throw new AuthorizationServerError(
          'authorization_error',
          `The provider refused the login: ${toPrintableErrorCode(error.error)}`,
          {
            error: error.error,
            errorDescription: error.error_description,
          },
        );
      }
      throw translateError(error, { code: 'authorization_response_invalid', check: 'response' });
    }
  });
}

function requireSignedResponse(jwt: string): void {
  const invalid = (check: string, what: string) =>
    new ValidationError('authorization_response_invalid', check, `The authorization response ${what}.`);
  // Another token that the provider signs is no answer to a login (RFC 8725 section 3.11).
  if (hasOtherJwtType(jwt)) throw invalid('typ', 'is a token of another kind');
}
