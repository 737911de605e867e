import { ConfigurationError, LoginRequiredError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { type AccessToken, type TokenSet, toAccessToken } from '../../tokens/token-set.ts';
import { findUsableToken } from '../../tokens/usable-token.ts';
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
  const isForced = request.forceRefresh === true && request.rejectedToken === undefined;
  const findToken = (set: TokenSet, rejectedToken?: string) =>
    findUsableToken(
      set,
      { ...resolveTokenRequest(context, request), rejectedToken, isForced },
      { time: seconds(context.now) },
    );
  const entry = findToken(tokens, request.rejectedToken);
  if (entry && !isForced) return toAccessToken(entry);
  const newest = await context.coordinator.findNewestTokens(tokens);
  // With `forceRefresh`, the token is replaced that a call without it returns.
  const replacedToken = isForced
    ? (findToken(tokens) ?? findToken(newest.tokens))?.accessToken
    : request.rejectedToken;
  const newer = findToken(newest.tokens, replacedToken);
  if (newer) return toAccessToken(newer);
  if (tokens.refreshToken === undefined) {
    throw new LoginRequiredError(
      'refresh_token_missing',
      'The access token has expired and the provider issued no refresh token. Allow refresh tokens for the client at the provider, and do not set refreshTokens: false.',
    );
  }
  const isRejected = isForced || request.rejectedToken !== undefined;
  const failure = isRejected ? undefined : findFailedRefresh(context, request, options);
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
