import { ConfigurationError, LoginRequiredError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import {
  type AccessToken,
  findAccessToken,
  isValid,
  type StoredAccessToken,
  type TokenSet,
  toAccessToken,
} from '../../tokens/token-set.ts';
import type { SessionContext } from '../context.ts';
import type { FailedRefresh, RequestSessionOptions, SessionTokenRequest } from './request-session.ts';

/** The resource and the scope of a request. */
export const resolveTokenRequest = (
  context: SessionContext,
  { resource, scope }: SessionTokenRequest,
): Pick<SessionTokenRequest, 'scope'> & { readonly resource: string | undefined } => ({
  resource: resource ?? context.resource,
  scope,
});

/**
 * Returns a valid access token without a refresh: of the cookie, or of a refresh by another request.
 *
 * @throws LoginRequiredError `refresh_token_missing`
 * @throws ConfigurationError `wrong_context` if a refresh is necessary, or the failure of the refresh before this call
 */
export async function findStoredAccessToken(
  context: SessionContext,
  tokens: TokenSet,
  { request, options }: { readonly request: SessionTokenRequest; readonly options: RequestSessionOptions },
): Promise<AccessToken> {
  const entry = findValidEntry(context, tokens, request);
  if (entry && !request.forceRefresh) return toAccessToken(entry);
  const newest = await context.coordinator.findNewestTokens(tokens);
  const newer = findValidEntry(context, newest.tokens, request);
  // With `forceRefresh`, the API has rejected the token that a call without it returns.
  const rejectedToken = request.forceRefresh ? (entry ?? newer)?.accessToken : undefined;
  if (newer && newer.accessToken !== rejectedToken) return toAccessToken(newer);
  if (tokens.refreshToken === undefined) {
    throw new LoginRequiredError(
      'refresh_token_missing',
      'The access token has expired and the provider issued no refresh token. Allow refresh tokens for the client at the provider, and do not set refreshTokens: false.',
    );
  }
  const failure = request.forceRefresh ? undefined : findFailedRefresh(context, request, options);
  throw failure?.error ?? createNotWritableError(options, request);
}

function findFailedRefresh(
  context: SessionContext,
  request: SessionTokenRequest,
  { failedRefreshes }: RequestSessionOptions,
): FailedRefresh | undefined {
  const { resource, scope } = resolveTokenRequest(context, request);
  return failedRefreshes?.find((failure) => {
    const failedRequest = resolveTokenRequest(context, failure);
    return failedRequest.resource === resource && failedRequest.scope === scope;
  });
}

function findValidEntry(
  context: SessionContext,
  tokens: TokenSet,
  request: SessionTokenRequest,
): StoredAccessToken | undefined {
  const entry = findAccessToken(tokens, resolveTokenRequest(context, request));
  return entry && isValid(entry, seconds(context.now), 0) ? entry : undefined;
}

/** Creates the error for a refresh that is necessary while no cookie can be set. */
export function createNotWritableError(
  { path, writable }: RequestSessionOptions,
  { resource, scope }: SessionTokenRequest = {},
): ConfigurationError {
  if (typeof writable === 'function') {
    return new ConfigurationError(
      'wrong_context',
      'The access token must be refreshed, but the response was returned or its headers were sent, so no cookie can be set. Call getAccessToken() before you return the response or start a stream, or use a session store.',
    );
  }
  return new ConfigurationError(
    'wrong_context',
    `The access token must be refreshed, but no cookie can be set ${path === undefined ? 'here' : `while ${path} is rendered`}. Let a proxy (middleware) whose matcher covers ${path ?? 'this page'} refresh it first${resource === undefined && scope === undefined ? '' : ' and whose option "tokens" lists this resource and scope'}, call getAccessToken() in a route handler or action, or use a session store.`,
  );
}
