import {
  AuthError,
  AuthorizationServerError,
  ConfigurationError,
  LoginRequiredError,
  TransportError,
  ValidationError,
} from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { sha256 } from '../../internal/encoding.ts';
import type {
  AccessTokenSource,
  GetAccessTokenRequest,
  GetAccessTokenResult,
  NewestTokens,
} from '../access-token-source.ts';
import { createRateLimit } from '../rate-limit.ts';
import { createLockAcquirer } from '../stores/acquire-lock.ts';
import type { RefreshLock } from '../stores/refresh-lock.ts';
import { createRefreshTokenKey } from '../stores/successor-store.ts';
import { limitHolder, type TokenHolder } from '../token-holder.ts';
import {
  type AccessTokenRequest,
  findAccessToken,
  type StoredAccessToken,
  toAccessToken,
} from '../token-set.ts';
import { findUsableToken, type WantedAccessToken } from '../usable-token.ts';
import { createFurtherTokenLimit } from './further-tokens.ts';
import { createLocalRefreshState } from './local-refresh-state.ts';
import type { RefreshClient } from './refresh-client.ts';
import { createRejectedRefreshes } from './rejected-refreshes.ts';
import { type RefreshTask, spendRefreshToken } from './spend-refresh-token.ts';
import type { TokenSuccessors } from './token-successors.ts';

export interface CoordinationOptions {
  /** Default: within this process. */
  readonly lock?: RefreshLock | undefined;
  /** Seconds before its expiry at which an access token is refreshed. Default: 30, at most half of its lifetime. */
  readonly leeway?: number | undefined;
  /** Milliseconds to wait for the refresh of another request. Default: the timeout of the client plus 5,000. */
  readonly lockWait?: number | undefined;
}

/** Attempts of one request after which it fails, because other requests refreshed each time. */
const maxRounds = 10;

/** Implements the refresh contract (`docs/refresh.md`) for one client. */
export function coordinateRefreshes(
  client: RefreshClient,
  successors: TokenSuccessors,
  options: CoordinationOptions = {},
  local = createLocalRefreshState(),
): AccessTokenSource {
  const { now, timeout, issuer, clientId } = client;
  const { lock, leeway = 30, lockWait: wait = timeout + 5_000 } = options;
  if (!(leeway >= 0)) throw createOptionError('leeway', leeway, '0 or more seconds');
  if (!(wait > 0)) throw createOptionError('lockWait', wait, 'more than 0 milliseconds');
  const { flight } = local;
  const acquireLock = createLockAcquirer({
    lock,
    localLock: local.lock,
    wait,
    timeout,
    emitEvent: (event) => client.emitEvent(event),
  });
  const rateLimit = createRateLimit(successors, local.pauses);
  const rejections = createRejectedRefreshes(now, local.rejections);
  const furtherTokens = createFurtherTokenLimit(client.resource, local.furtherTokens);
  const createKey = (refreshToken: string) => createRefreshTokenKey(refreshToken, client);

  async function getAccessToken(
    unlimitedHolder: TokenHolder,
    request: GetAccessTokenRequest = {},
  ): Promise<GetAccessTokenResult> {
    const holder = limitHolder(unlimitedHolder);
    // No lock is held yet, so the first read may take any time, for example until the user has unlocked the storage.
    const tokens = await unlimitedHolder.read();
    if (!tokens) throw new LoginRequiredError('not_signed_in', 'There is no session. Log in first.');
    const { resource, scope } = request;
    const isForced = request.forceRefresh === true && request.rejectedToken === undefined;
    const rejectedToken = isForced ? findAccessToken(tokens, request)?.accessToken : request.rejectedToken;
    const tokenRequest = { resource, scope, rejectedToken, isForced };
    const token = findUsableToken(tokens, tokenRequest, { time: seconds(now), leeway });
    if (token) return { accessToken: toAccessToken(token), tokens, changed: false };
    if (tokens.refreshToken === undefined)
      return serveWithoutRefresh({ tokens, heldTokens: tokens }, tokenRequest);
    // The key contains the refresh token: otherwise one user could receive the token of another.
    const key = JSON.stringify([
      await createKey(tokens.refreshToken),
      resource ?? null,
      scope ?? null,
      rejectedToken === undefined ? null : [await sha256(rejectedToken), isForced],
      (await client.getThumbprint()) ?? null,
    ]);
    return flight(key, () => refreshUnderLock(holder, tokenRequest));
  }

  /** Waits for the lock of the refresh token, until this or another request has refreshed. */
  async function refreshUnderLock(
    holder: TokenHolder,
    tokenRequest: WantedAccessToken,
  ): Promise<GetAccessTokenResult> {
    for (let round = 0; round < maxRounds; round++) {
      const newestTokens = await readNewestTokens(holder);
      const reusedToken = reuseToken(newestTokens, tokenRequest);
      if (reusedToken) return reusedToken;
      const { refreshToken } = newestTokens.tokens;
      if (refreshToken === undefined) return serveWithoutRefresh(newestTokens, tokenRequest);
      const key = await createKey(refreshToken);
      const lock = await acquireLock(key, { isSharedLockRequired: holder.isShared === true }).catch(
        (error: TransportError) => error,
      );
      if (!lock || lock instanceof Error)
        return (
          serveValidToken(newestTokens, tokenRequest) ?? (lock ? Promise.reject(lock) : throwLockTimeout())
        );
      const task: RefreshTask = { holder, tokenRequest, refreshToken, key, lock, isLockHandedOver: false };
      try {
        const result = await refreshWithLock(task);
        if (result) return result;
      } catch (error) {
        const isEnded = error instanceof LoginRequiredError && error.code === 'session_ended';
        // The access token stays valid although the provider is unavailable or rejects the refresh.
        const validToken =
          error instanceof AuthError && !isEnded ? serveValidToken(newestTokens, tokenRequest) : undefined;
        if (validToken) return validToken;
        throw error;
      } finally {
        // A release that takes long does not delay the token.
        if (!task.isLockHandedOver) void lock.release();
      }
    }
    return throwLockTimeout();
  }

  /** Returns `undefined` if the session has other tokens by now: the caller reads them again. */
  async function refreshWithLock(task: RefreshTask): Promise<GetAccessTokenResult | undefined> {
    // Another request may have refreshed while this one waited for the lock.
    const newestTokens = await readNewestTokens(task.holder);
    const reusedToken = reuseToken(newestTokens, task.tokenRequest);
    if (reusedToken) return reusedToken;
    if (newestTokens.tokens.refreshToken !== task.refreshToken) return undefined;
    await rateLimit.check(task.key, task.refreshToken);
    const rejectionKey = await createRejectionKey(task.key, task.tokenRequest);
    const rejection = rejections.find(rejectionKey);
    if (rejection) throw rejection;
    try {
      const result = await spendRefreshToken(
        { client, successors, rateLimit, furtherTokens, readNewestTokens },
        task,
        newestTokens.tokens,
      );
      rejections.delete(rejectionKey);
      return result;
    } catch (error) {
      const { keptRefreshToken } = task;
      if (isRejection(error) || keptRefreshToken !== undefined) rejections.add(rejectionKey, error as Error);
      // The next request has this refresh token. The pauses of both are one series.
      if (keptRefreshToken !== undefined)
        rejections.add(
          await createRejectionKey(await createKey(keptRefreshToken), task.tokenRequest),
          error as Error,
          rejectionKey,
        );
      throw error;
    }
  }

  async function readNewestTokens(holder: TokenHolder): Promise<NewestTokens> {
    const heldTokens = await holder.read();
    if (!heldTokens) throw new LoginRequiredError('session_ended', 'The session has ended. Log in again.');
    return { ...(await successors.findNewestTokens(heldTokens)), heldTokens };
  }

  /** Returns the token that another request has received. */
  function reuseToken(
    newestTokens: NewestTokens,
    tokenRequest: WantedAccessToken,
  ): GetAccessTokenResult | undefined {
    const token = findUsableToken(newestTokens.tokens, tokenRequest, { time: seconds(now), leeway });
    if (!token) return undefined;
    const from = newestTokens.tokens === newestTokens.heldTokens ? 'session' : 'successor';
    client.emitEvent({ type: 'refresh.reused', issuer, clientId, from });
    return createResult(newestTokens, token);
  }

  function serveWithoutRefresh(
    newestTokens: NewestTokens,
    tokenRequest: WantedAccessToken,
  ): GetAccessTokenResult {
    const validToken = serveValidToken(newestTokens, tokenRequest);
    if (validToken) return validToken;
    throw new LoginRequiredError(
      'refresh_token_missing',
      'The access token has expired and the provider issued no refresh token. Set the option refreshTokens of the client, and allow refresh tokens for it at the provider.',
    );
  }

  /** A valid token inside its leeway is better than an error. */
  function serveValidToken(
    newestTokens: NewestTokens,
    tokenRequest: WantedAccessToken,
  ): GetAccessTokenResult | undefined {
    const token = findUsableToken(newestTokens.tokens, tokenRequest, { time: seconds(now) });
    return token && createResult(newestTokens, token);
  }

  return { getAccessToken };
}

/**
 * A rejection concerns one access token of a login: a provider may reject one resource and accept another. A page may pass
 * input of the request as scope or resource, of any length.
 */
const createRejectionKey = (key: string, { resource, scope }: AccessTokenRequest) =>
  sha256(JSON.stringify([key, resource ?? null, scope ?? null]));

/** True for an error that the next request would receive again. */
const isRejection = (error: unknown): error is AuthError =>
  error instanceof AuthorizationServerError ||
  error instanceof ValidationError ||
  (error instanceof LoginRequiredError && error.code !== 'session_ended');

function createResult(
  { tokens, heldTokens, sealedSession }: NewestTokens,
  token: StoredAccessToken,
): GetAccessTokenResult {
  return {
    accessToken: toAccessToken(token),
    tokens,
    changed: tokens !== heldTokens,
    ...(sealedSession !== undefined && { sealedSession }),
  };
}

function throwLockTimeout(): never {
  throw new TransportError(
    'lock_timeout',
    'Other requests are refreshing this session and did not finish in time. Try again.',
  );
}

const createOptionError = (name: string, value: number, expected: string) =>
  new ConfigurationError('invalid_option', `"${name}" is ${value}, expected ${expected}.`);
