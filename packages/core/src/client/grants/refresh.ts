import * as oauth from 'oauth4webapi';
import { AuthorizationServerError, getErrorCode } from '../../errors.ts';
import { toPrintableErrorCode } from '../../protocol/error-code.ts';
import { createRefreshRejection } from '../../protocol/tokens/refresh-rejection.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { emitEvent, reportProblem, traceOperation } from '../observability.ts';
import { requestTokens } from '../token-endpoint.ts';
import { checkTokenArgument } from '../wire/token-argument.ts';
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
  /** The claims of the stored ID token. A response with an ID token of another user is rejected. */
  readonly claims?: IdTokenClaims | undefined;
  /** The scopes granted at login. They are returned if the response has no `scope`. */
  readonly grantedScopes?: readonly string[] | undefined;
  /**
   * Called with the refresh token of a successful response before the rest of the response is validated. If the rest is
   * invalid, store this refresh token, because the previous one may be spent. Do not store it if the ID token names another
   * user (`id_token_invalid` with the check `iss` or `sub`). {@link createRefreshCoordinator} does both. Default: none.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
   */
  readonly onRefreshToken?: ((refreshToken: string) => void) | undefined;
}

/**
 * Sends one refresh request. It is never repeated, because a rotated refresh token is valid once only.
 * Most applications use {@link createRefreshCoordinator}, which shares one request between all callers.
 *
 * If a new ID token of the same user is invalid or cannot be verified, the response is returned without ID token.
 *
 * @throws ConfigurationError `invalid_option` if the refresh token is not a string
 * @throws AuthorizationServerError `token_error` or `client_rejected`. `rejection` contains its meaning: only `login_ended`
 *   means that the refresh token is invalid.
 * @throws ValidationError if the response is invalid, or its ID token names another user
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens
 * @example
 * ```ts
 * import { type Client, refreshTokens, type TokenResponse } from '@countersign/core';
 *
 * async function refreshLogin(client: Client, previousTokens: TokenResponse): Promise<TokenResponse> {
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
    checkTokenArgument('The refresh token of refreshTokens()', refreshToken);
    const { issuer, clientId } = client;
    const { resource } = request;
    emitEvent(client, {
      type: 'refresh.started',
      issuer,
      clientId,
      ...(resource !== undefined && { resource }),
    });
    try {
      const tokens = await sendRefresh(client, refreshToken, request);
      const isRotated = tokens.refreshToken !== undefined;
      emitEvent(client, { type: 'refresh.succeeded', issuer, clientId, rotated: isRotated });
      return tokens;
    } catch (error) {
      reportFailedRefresh(client, error);
      throw error;
    }
  });
}

/** Milliseconds between log entries about wrong credentials of one client. They would repeat for each session. */
const credentialsLogInterval = 60_000;

function reportFailedRefresh(client: Client, error: unknown): void {
  const { issuer, clientId } = client;
  const serverError = error instanceof AuthorizationServerError ? error : undefined;
  const { status, error: name = '', rejection } = serverError ?? {};
  const event = {
    type: 'refresh.failed',
    issuer,
    clientId,
    code: getErrorCode(error),
    ...(status !== undefined && { status }),
    ...(name !== '' && { error: toPrintableErrorCode(name) }),
  } as const;
  const text = `${serverError?.message} (${issuer})`;
  if (serverError?.code === 'client_rejected') {
    emitEvent(client, event);
    logRejectedClient(client, text);
  } else if (serverError && rejection?.kind !== 'login_ended') reportProblem(client, event, text);
  // An invalid refresh token is a normal end of a login, and other failures are reported by the request.
  else emitEvent(client, event);
}

/** A configuration error is logged even if there is a listener, because an event has no message. */
function logRejectedClient(client: Client, text: string): void {
  const { state, now } = getClientContext(client);
  if (now() - (state.credentialsLoggedAt ?? 0) < credentialsLogInterval) return;
  state.credentialsLoggedAt = now();
  console.error(`countersign: ${text}`);
}

async function sendRefresh(
  client: Client,
  refreshToken: string,
  { resource, scope, claims: previousClaims, grantedScopes, onRefreshToken }: RefreshRequest,
): Promise<TokenResponse> {
  const { options, scope: clientScope } = getClientContext(client);
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
    scope: scope ?? grantedScopes?.join(' ') ?? clientScope,
    resource,
    sub: previousClaims?.sub,
    refresh: { previousClaims },
    onRefreshToken,
    createError: (response, endpoint) =>
      createRefreshRejection(response, {
        clientId: client.clientId,
        endpoint,
        resource,
        scope,
        isLoginEnded: options.provider?.isLoginEnded,
      }),
  });
  return tokens;
}
