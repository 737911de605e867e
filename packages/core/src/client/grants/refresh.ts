import * as oauth from 'oauth4webapi';
import { getErrorCode } from '../../errors.ts';
import { requireSameLogin } from '../../protocol/same-login.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { emitEvent, traceOperation } from '../observability.ts';
import { requestTokens } from '../token-endpoint.ts';
import type { IdTokenClaims, TokenResponse } from '../wire/token-response.ts';

/** Options of {@link refreshTokens}. */
export interface RefreshRequest {
  /**
   * The resource indicator of the API that the new access token is for. Default: the provider decides.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.2
   */
  readonly resource?: string | undefined;
  /** A narrower scope, space-separated. Default: the granted scope. */
  readonly scope?: string | undefined;
  /** The claims of the stored ID token. A new ID token of another login is rejected. */
  readonly claims?: IdTokenClaims | undefined;
  /** The scopes granted at login. They are returned if the response has no `scope`. */
  readonly grantedScopes?: readonly string[] | undefined;
}

/**
 * Sends one refresh request. It is never repeated, because a rotated refresh token is valid once only.
 * Most applications use {@link createRefreshCoordinator}, which shares one request between all callers.
 *
 * If the times of a new ID token are invalid or its key is unavailable, the response is returned without ID token.
 *
 * @throws AuthorizationServerError `token_error`. Only the error `invalid_grant` means that the refresh token is invalid.
 * @throws ValidationError if the response is invalid
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens
 * @example
 * ```ts
 * import { type Client, refreshTokens, type TokenResponse } from '@countersign/core';
 *
 * async function renew(client: Client, previousTokens: TokenResponse): Promise<TokenResponse> {
 *   const { refreshToken = '', claims } = previousTokens;
 *   const tokens = await refreshTokens(client, refreshToken, { claims });
 *   // The provider returns a new refresh token only if it rotates them.
 *   return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken };
 * }
 * ```
 */
export async function refreshTokens(
  client: Client,
  refreshToken: string,
  request: RefreshRequest = {},
): Promise<TokenResponse> {
  return traceOperation(client, 'refreshTokens', async () => {
    const { issuer, clientId } = client;
    const { resource } = request;
    emitEvent(client, {
      type: 'refresh.started',
      issuer,
      clientId,
      ...(resource !== undefined && { resource }),
    });
    try {
      const tokens = await requestRefresh(client, refreshToken, request);
      const rotated = tokens.refreshToken !== undefined;
      emitEvent(client, { type: 'refresh.succeeded', issuer, clientId, rotated });
      return tokens;
    } catch (error) {
      emitEvent(client, { type: 'refresh.failed', issuer, clientId, code: getErrorCode(error) });
      throw error;
    }
  });
}

async function requestRefresh(
  client: Client,
  refreshToken: string,
  { resource, scope, claims: previousClaims, grantedScopes }: RefreshRequest,
): Promise<TokenResponse> {
  const additionalParameters = {
    ...(resource !== undefined && { resource }),
    ...(scope !== undefined && { scope }),
  };
  const { tokens } = await requestTokens(client, {
    send: ({ metadata, client, authenticate, options }) =>
      oauth.refreshTokenGrantRequest(metadata, client, authenticate, refreshToken, {
        ...options,
        additionalParameters,
      }),
    process: ({ metadata, client, response, options }) =>
      oauth.processRefreshTokenResponse(metadata, client, response, options),
    scope: scope ?? grantedScopes?.join(' ') ?? getClientContext(client).scope,
    resource,
    sub: previousClaims?.sub,
    idToken: {
      isOptional: true,
      validate: (claims) => {
        if (previousClaims) requireSameLogin(claims, previousClaims);
      },
    },
  });
  return tokens;
}
