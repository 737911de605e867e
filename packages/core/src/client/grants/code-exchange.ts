import * as oauth from 'oauth4webapi';
import { getErrorCode } from '../../errors.ts';
import { readUnverifiedClaims } from '../../protocol/login/same-login.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import type { AuthorizationTransaction } from '../login/authorization-request.ts';
import type { AuthorizationResponse } from '../login/authorization-response.ts';
import { usesPkce } from '../login/pkce-support.ts';
import { emitEvent, traceOperation } from '../observability.ts';
import { requestTokens } from '../token-endpoint.ts';
import type { TokenResponse } from '../wire/token-response.ts';

/**
 * Exchanges the authorization code for tokens and validates all of them. If one check fails, no token is returned.
 *
 * @param response the result of `validateAuthorizationResponse()`
 * @param transaction the transaction of the same login
 * @throws AuthorizationServerError `token_error` if the provider rejects the code
 * @throws ValidationError if the response, the ID token or the access token is invalid
 * @throws TransportError if the provider cannot be reached. A code is valid once only, so start a new login.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.5
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 * @example
 * ```ts
 * import { type AuthorizationTransaction, type Client, exchangeCode, validateAuthorizationResponse } from '@countersign/core';
 *
 * async function finishLogin(client: Client, callbackUrl: URL, transaction: AuthorizationTransaction) {
 *   const response = await validateAuthorizationResponse(client, callbackUrl, transaction);
 *   const { accessToken, claims } = await exchangeCode(client, response, transaction);
 *   return { accessToken, sub: claims?.sub };
 * }
 * ```
 */
export async function exchangeCode(
  client: Client,
  response: AuthorizationResponse,
  transaction: AuthorizationTransaction,
): Promise<TokenResponse> {
  return traceOperation(client, 'exchangeCode', async () => {
    const { issuer, clientId } = client;
    try {
      const tokens = await requestCodeExchange(client, response, transaction);
      const sub = tokens.claims?.sub;
      emitEvent(client, { type: 'login.succeeded', issuer, clientId, ...(sub !== undefined && { sub }) });
      return tokens;
    } catch (error) {
      emitEvent(client, { type: 'login.failed', issuer, clientId, code: getErrorCode(error) });
      throw error;
    }
  });
}

/** True if the preset accepts ID tokens without `nonce`, and this one has none. */
function mayOmitNonce(client: Client, idToken: string | undefined): boolean {
  const { provider } = getClientContext(client).options;
  if (provider?.allowIdTokenWithoutNonce !== true || idToken === undefined) return false;
  return (readUnverifiedClaims(idToken)?.nonce ?? undefined) === undefined;
}

async function requestCodeExchange(
  client: Client,
  { parameters }: AuthorizationResponse,
  transaction: AuthorizationTransaction,
): Promise<TokenResponse> {
  const { redirectUri, codeVerifier, scope, nonce, maxAge, acrValues } = transaction;
  const resource = transaction.resource?.[0];
  const { tenants } = getClientContext(client).issuerRule;
  const { tokens } = await requestTokens(client, {
    send: (request) =>
      oauth.authorizationCodeGrantRequest(
        request.metadata,
        request.client,
        request.authenticate,
        parameters,
        redirectUri,
        usesPkce(client) ? codeVerifier : oauth.nopkce,
        { ...request.options, ...(resource !== undefined && { additionalParameters: { resource } }) },
      ),
    process: (receivedTokens) =>
      oauth.processAuthorizationCodeResponse(
        receivedTokens.metadata,
        receivedTokens.client,
        receivedTokens.response,
        {
          ...receivedTokens.options,
          expectedNonce: mayOmitNonce(client, receivedTokens.idToken)
            ? oauth.expectNoNonce
            : (nonce ?? oauth.expectNoNonce),
          requireIdToken: nonce !== undefined,
          ...(maxAge !== undefined && { maxAge }),
        },
      ),
    scope,
    resource,
    idToken: {
      acrValues,
      code: parameters.get('code') ?? undefined,
      // The `iss` of other providers was compared with the issuer.
      ...(tenants && { responseIssuer: parameters.get('iss') ?? undefined }),
    },
  });
  return tokens;
}
