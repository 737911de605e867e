import * as oauth from 'oauth4webapi';
import { AuthorizationServerError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { toPrintableErrorCode } from '../../protocol/error-code.ts';
import {
  type AuthorizationTransaction,
  checkTransaction,
  rejectRepeatedParameters,
} from '../../protocol/login/authorization-transaction.ts';
import { readUnverifiedClaims } from '../../protocol/login/same-login.ts';
import { isIssuer } from '../../protocol/tokens/token-issuer.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { hasOtherJwtType } from '../wire/jwt/jwt-checks.ts';
import { createJwtReader } from '../wire/jwt/jwt-reader.ts';
import { verifyWithKeys } from '../wire/jwt/provider-keys.ts';
import { toProtocolClient } from '../wire/request-options.ts';
import type { AuthorizationServerMetadata } from '../wire/server-metadata.ts';
import { translateError } from '../wire/translate-error.ts';

/** A validated authorization response. Its `code` belongs to the login of the transaction. */
export interface AuthorizationResponse {
  readonly parameters: URLSearchParams;
}

/**
 * Validates the authorization response, which the user's browser sends. Delete the stored transaction before the call,
 * because it is valid once only.
 *
 * @param response the URL of the request, its query, or its form with the response mode `form_post`
 * @param transaction the transaction of {@link createAuthorizationRequest}
 * @throws AuthorizationServerError `authorization_error` if the response is an error
 * @throws ValidationError `transaction_invalid` or `authorization_response_invalid`
 * @throws TransportError if the provider's metadata or keys cannot be fetched
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 * @see https://www.rfc-editor.org/rfc/rfc9207#section-2.4
 * @see https://openid.net/specs/oauth-v2-jarm.html
 * @example
 * ```ts
 * import { type AuthorizationTransaction, type Client, exchangeCode, validateAuthorizationResponse } from '@countersign/core';
 *
 * async function finishLogin(client: Client, request: Request, transaction: AuthorizationTransaction) {
 *   const response = await validateAuthorizationResponse(client, new URL(request.url), transaction);
 *   return exchangeCode(client, response, transaction);
 * }
 * ```
 */
export async function validateAuthorizationResponse(
  client: Client,
  response: URL | URLSearchParams,
  transaction: AuthorizationTransaction,
): Promise<AuthorizationResponse> {
  return traceOperation(client, 'validateAuthorizationResponse', async () => {
    const { options, now } = getClientContext(client);
    const { issuer, clientId } = client;
    checkTransaction(transaction, { issuer, clientId, time: seconds(now) });
    const receivedParameters = response instanceof URL ? response.searchParams : response;
    rejectRepeatedParameters(receivedParameters);
    const isSigned = options.responseMode?.includes('jwt') === true;
    // The client chooses the response mode. An unsigned response is a downgrade, if it must be signed (JARM, processing rules).
    if (isSigned !== receivedParameters.has('response')) {
      throw invalid('response_mode', `${isSigned ? 'is not' : 'is'} a JWT, which differs from responseMode`);
    }
    try {
      const parameters = isSigned
        ? await validateSignedResponse(client, receivedParameters, transaction)
        : oauth.validateAuthResponse(
            expectIssuer(client, await discover(client), receivedParameters.get('iss')),
            toProtocolClient(client),
            receivedParameters,
            transaction.state,
          );
      if (!parameters.get('code')) throw invalid('code', 'has no "code"');
      return { parameters };
    } catch (error) {
      if (error instanceof oauth.AuthorizationResponseError) {
        throw new AuthorizationServerError(
          'authorization_error',
          `The provider returned the error "${toPrintableErrorCode(error.error)}" to the login`,
          { error: error.error, errorDescription: error.error_description },
        );
      }
      throw translateError(error, { code: 'authorization_response_invalid', check: 'response' });
    }
  });
}

/** @see https://openid.net/specs/oauth-v2-jarm-final.html#section-2.4 */
async function validateSignedResponse(
  client: Client,
  receivedParameters: URLSearchParams,
  { state }: AuthorizationTransaction,
): Promise<URLSearchParams> {
  const jwt = receivedParameters.get('response') as string;
  // Keycloak repeats `iss` with one value, which all parsers read equally.
  const jwtReader = createJwtReader(client, {
    code: 'authorization_response_invalid',
    equalRepeats: true,
  });
  jwtReader.check(jwt);
  const protocolClient = toProtocolClient(client);
  const iss = readUnverifiedClaims(jwt)?.iss;
  const parameters = await verifyWithKeys(
    client,
    (metadata, keys) =>
      oauth.validateJwtAuthResponse(
        expectIssuer(client, metadata, iss),
        protocolClient,
        receivedParameters,
        state,
        {
          ...keys,
          ...jwtReader.decryptOptions,
        },
      ),
    { sender: 'browser', tokenIssuer: typeof iss === 'string' ? iss : undefined },
  );
  // A token of another type that the provider signs is not an authorization response (RFC 8725 section 3.11).
  if (hasOtherJwtType(jwtReader.getSignedJwt(jwt))) throw invalid('typ', 'is a token of another type');
  return parameters;
}

/**
 * With tenants, the response names the issuer of one tenant. The ID token must name the same one. The template itself is not an
 * issuer, so that no response may contain it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9207#section-2.4
 */
function expectIssuer(
  client: Client,
  metadata: AuthorizationServerMetadata,
  iss: unknown,
): AuthorizationServerMetadata {
  const { issuerRule } = getClientContext(client);
  if (!issuerRule.tenants || iss === null || iss === undefined) return metadata;
  if (!isIssuer(issuerRule, iss)) throw invalid('iss', 'has an "iss" that is not the issuer of a tenant');
  return { ...metadata, issuer: String(iss) };
}

const invalid = (check: string, problem: string) =>
  new ValidationError('authorization_response_invalid', check, `The authorization response ${problem}.`);
