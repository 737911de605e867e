import type { RefreshRequest } from '../client/grants/refresh.ts';
import type { TokenResponse } from '../client/wire/token-response.ts';
import { AuthorizationServerError, LoginRequiredError, TransportError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { isDevelopment } from '../internal/development.ts';
import { sha256 } from '../internal/encoding.ts';
import { createSingleFlight } from '../internal/single-flight.ts';
import { isOtherUserError } from '../protocol/login/same-login.ts';
import { toLoginRequiredError } from '../protocol/tokens/refresh-rejection.ts';
import { createRejectedRefreshes } from '../tokens/refresh/rejected-refreshes.ts';
import {
  type AccessToken,
  applyRefresh,
  findAccessToken,
  replaceRefreshToken,
  type StoredAccessToken,
  toAccessToken,
} from '../tokens/token-set.ts';
import { findCoveringToken, findUsableToken, markReplacement } from '../tokens/usable-token.ts';
import { revokeTokens } from './login/logout.ts';
import type { BrowserContext } from './options.ts';
import {
  copyLoginData,
  createLoginEndedError,
  findHolder,
  isSameHolder,
  type StoredTokenSet,
} from './state/login-holder.ts';
import { createRefreshPauses } from './state/refresh-pauses.ts';
import { createWebLock } from './state/tabs/web-lock.ts';
import type { BrowserTokenRequest } from './wanted-token.ts';
import { fetchMetadata } from './wire/metadata.ts';
import { requestRefresh, validateRefreshedIdToken } from './wire/token-request.ts';

/** Reads and replaces the tokens of the login. */
export interface TokenAccess {
  read(): Promise<StoredTokenSet | undefined>;
  /**
   * Replaces the tokens in one step, if they still belong to the expected refresh and login.
   *
   * @returns false if a logout, another login or another refresh came first. Nothing is then written.
   */
  replaceTokens(expected: StoredTokenSet, next: StoredTokenSet): Promise<boolean>;
  /** Resolves at the next change, in this tab or another, or after a number of milliseconds. */
  waitForChange(timeout: number): Promise<unknown>;
}

/** Milliseconds after which a waiting tab reads the tokens again, because the refreshing tab may have failed. */
const pollInterval = 250;

/**
 * Implements the refresh contract for the login of one page. A valid token is returned without a request. A refresh token
 * is sent once, however many requests and tabs need it. Only a rejection by the provider ends the login.
 *
 * The returned function throws LoginRequiredError `session_ended`, even if another user is signed in now, or
 * `refresh_token_missing`. It throws TransportError if the provider is temporarily unavailable and no token is valid.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 */
export function createTokenRefresher(
  context: BrowserContext,
  access: TokenAccess,
): (tokenRequest: BrowserTokenRequest) => Promise<AccessToken> {
  const { now, options, http, prefix, issuer, clientId, emitEvent } = context;
  const { leeway = 30 } = options;
  const lock =
    options.lock ??
    createWebLock(() => {
      // Tabs with separate tokens do not need it.
      if (options.storage?.reach !== 'shared') return;
      context.reportMissing(
        'Web Locks',
        isDevelopment
          ? 'Two tabs may refresh at the same time, and the provider may then end the login.'
          : '',
      );
    });
  const flight = createSingleFlight<StoredAccessToken | undefined>();
  const rejections = createRejectedRefreshes(now);
  const pauses = createRefreshPauses(now);
  const getTime = () => seconds(now);

  /** Returns `undefined` if the login has changed meanwhile: the caller reads the tokens again. */
  async function refreshUnderLock(
    refreshToken: string,
    tokenRequest: BrowserTokenRequest,
  ): Promise<StoredAccessToken | undefined> {
    const previous = await access.read();
    // Another tab, or a request for another resource, may have refreshed while this one waited.
    if (!previous || previous.refreshToken !== refreshToken) return undefined;
    // The caller checks the holder again and throws.
    if (!isSameHolder(tokenRequest.holder, findHolder(previous))) return undefined;
    const token = findUsableToken(previous, tokenRequest, {
      time: getTime(),
      leeway,
    });
    if (token) return token;
    const findFallback = () =>
      findUsableToken(previous, tokenRequest, { time: getTime() }) ??
      findCoveringToken(previous, tokenRequest, { time: getTime() });
    const rejectionKey = JSON.stringify([refreshToken, tokenRequest.resource, tokenRequest.scope]);
    const knownRejection = pauses.find(previous) ?? rejections.find(rejectionKey);
    if (knownRejection) return findFallback() ?? fail(knownRejection);
    let receivedToken: string | undefined;
    try {
      const { next, response } = await spendRefreshToken(previous, refreshToken, {
        ...tokenRequest,
        onRefreshToken: (receivedTokens) => {
          receivedToken = receivedTokens;
        },
      });
      // The tokens are stored before the ID token is validated: its keys may have to be fetched, and the page may be closed
      // meanwhile. After a logout or another login, the result of a refresh is not stored.
      if (await access.replaceTokens(previous, next)) {
        await refreshIdToken(next, response);
        return findAccessToken(next, tokenRequest);
      }
      // The provider issued these tokens after the logout had revoked the previous ones (RFC 7009 section 2.1).
      if (!(await access.read())) await revokeTokens(context, next);
      return undefined;
    } catch (error) {
      const pause = pauses.create(previous, error);
      if (pause) await access.replaceTokens(previous, { ...previous, pause });
      const isOtherUser = isOtherUserError(error);
      const rejection = error instanceof AuthorizationServerError ? toLoginRequiredError(error) : error;
      const isEnded = rejection instanceof LoginRequiredError && rejection.code === 'session_ended';
      if (!isOtherUser && !isEnded) {
        if (!(error instanceof TransportError)) rejections.add(rejectionKey, rejection as Error);
        if (receivedToken !== undefined && receivedToken !== refreshToken) {
          // The access token was rejected, but the previous refresh token may be spent. The next request refreshes again.
          const next = { ...previous, ...replaceRefreshToken(previous, receivedToken, getTime()) };
          const isStored = await access.replaceTokens(previous, next);
          if (!isStored && !(await access.read())) await revokeTokens(context, next);
          const nextKey = JSON.stringify([receivedToken, tokenRequest.resource, tokenRequest.scope]);
          rejections.add(nextKey, rejection as Error, rejectionKey);
        }
        // The access token stays valid although the provider is unavailable or rejects the refresh.
        return findFallback() ?? fail(rejection);
      }
      const { refreshToken: _, ...rest } = previous;
      // The ID token remains: a silent login of the same user continues the login, unless there was a logout.
      if (!(await access.replaceTokens(previous, { ...rest, accessTokens: [], ended: true })))
        return undefined;
      emitEvent({ type: 'session.ended', issuer, reason: isOtherUser ? 'other_user' : 'invalid_grant' });
      throw createLoginEndedError();
    }
  }

  /** Sends the refresh token. No other code of this file does. */
  async function spendRefreshToken(
    tokens: StoredTokenSet,
    refreshToken: string,
    { onRefreshToken, ...tokenRequest }: BrowserTokenRequest & Pick<RefreshRequest, 'onRefreshToken'>,
  ): Promise<{ readonly next: StoredTokenSet; readonly response: TokenResponse }> {
    const { claims, scopes: grantedScopes } = tokens;
    const { resource, scope } = tokenRequest;
    const response = await requestRefresh(context, refreshToken, {
      resource,
      scope,
      claims,
      grantedScopes,
      onRefreshToken,
    });
    const { idToken: _, ...responseWithoutIdToken } = response;
    const set = applyRefresh(tokens, responseWithoutIdToken, getTime(), tokenRequest);
    const next = {
      ...set,
      accessTokens: markReplacement(set.accessTokens, tokenRequest),
      ...copyLoginData(tokens),
    };
    return { next, response };
  }

  /** Stores the ID token of a refresh response. An invalid one is ignored. */
  async function refreshIdToken(tokens: StoredTokenSet, response: TokenResponse): Promise<void> {
    const { idToken } = response;
    if (idToken === undefined) return;
    const claims = await validateRefreshedIdToken(context, response, tokens.claims);
    if (claims) await access.replaceTokens(tokens, { ...tokens, idToken, claims });
  }

  return async (tokenRequest) => {
    // Exceeds the slowest exchange with the provider.
    const giveUpAt = performance.now() + http.timeout + 5_000;
    let hasWaited = false;
    for (let isLate = false; ; hasWaited = true) {
      const tokens = await access.read();
      // Checked after each read, because a message of another tab can arrive later than its tokens.
      if (!tokens || tokens.ended || !isSameHolder(tokenRequest.holder, findHolder(tokens))) {
        throw createLoginEndedError();
      }
      const { refreshToken } = tokens;
      const isRefreshImpossible = isLate || refreshToken === undefined;
      const time = getTime();
      const token =
        findUsableToken(tokens, tokenRequest, {
          time,
          ...(!isRefreshImpossible && { leeway }),
        }) ?? (isRefreshImpossible ? findCoveringToken(tokens, tokenRequest, { time }) : undefined);
      if (token) {
        if (hasWaited) emitEvent({ type: 'refresh.reused', issuer, clientId, from: 'session' });
        return toAccessToken(token);
      }
      if (refreshToken === undefined) {
        throw new LoginRequiredError(
          'refresh_token_missing',
          isDevelopment
            ? 'There is no valid access token for this request, and the provider issued no refresh token. Log in again. To receive one, set refreshTokens: true (Angular: withRefreshTokens()) and allow refresh tokens for the client at the provider; some providers also require the consent of the user (prompt=consent).'
            : '',
        );
      }
      if (isLate) {
        throw new TransportError(
          'lock_timeout',
          isDevelopment ? 'Another tab did not finish its refresh in time. Try again.' : '',
        );
      }
      // Before the attempt, so that no change by another tab is missed.
      const change = access.waitForChange(pollInterval);
      // The key contains the refresh token: otherwise one user could receive the token of another.
      const key = JSON.stringify([refreshToken, tokenRequest]);
      const refreshedToken = await flight(key, async () => {
        const name = `${prefix}refresh ${await sha256(refreshToken)}`;
        // Before the lock: a tab that is suspended during these requests must not block other tabs.
        if (!pauses.find(tokens)) await Promise.allSettled([fetchMetadata(context), context.dpop()]);
        return lock(name, () => refreshUnderLock(refreshToken, tokenRequest));
      });
      if (refreshedToken) return toAccessToken(refreshedToken);
      isLate = performance.now() > giveUpAt;
      await change;
    }
  };
}

function fail(error: unknown): never {
  throw error;
}
