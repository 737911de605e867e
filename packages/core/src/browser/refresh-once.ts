import { AuthorizationServerError, LoginRequiredError, TransportError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { sha256 } from '../internal/encoding.ts';
import { createSingleFlight } from '../internal/single-flight.ts';
import {
  type AccessToken,
  type AccessTokenRequest,
  applyRefresh,
  findAccessToken,
  isFresh,
  isValid,
  type StoredAccessToken,
  type TokenSet,
  toAccessToken,
} from '../tokens/token-set.ts';
import { revoke } from './login/end-login.ts';
import type { BrowserContext } from './options.ts';
import { findHolder, isSameHolder, type KeptTokenSet, type LoginHolder } from './state/login-holder.ts';
import { webLock } from './state/web-lock.ts';
import { metadataOf } from './wire/metadata.ts';
import { refresh } from './wire/token-request.ts';

/** Where the tokens of the login are, freshly read. */
export interface KeptTokens {
  read(): Promise<KeptTokenSet | undefined>;
  /**
   * Replaces the tokens in one step, if they still are those of the expected refresh and login.
   *
   * @returns false when a logout, another login or another refresh came first; nothing is written then
   */
  replace(expected: KeptTokenSet, next: KeptTokenSet): Promise<boolean>;
  /** Resolved at the next change, in this tab or another, or after so many milliseconds. */
  moved(wait: number): Promise<unknown>;
}

/** Milliseconds after which a tab looks again that was told nothing: whoever refreshed has failed, or is gone. */
const betweenLooks = 250;

/** The access token that a request needs. */
export interface WantedToken extends AccessTokenRequest {
  /** A value that an API has rejected. */
  readonly refused?: string | undefined;
  /** The login that the request began with; no token of another one is returned. */
  readonly holder: LoginHolder;
}

/**
 * The refresh contract for the one login of a page: a valid token is returned without any call; a refresh token is
 * spent once, whoever waits and in whichever tab; nothing but the provider's word ends the login.
 *
 * @returns a function that gives out access tokens
 * @throws LoginRequiredError `session_ended` (also when another user is signed in now) or `refresh_token_missing`
 * @throws TransportError when the provider is not well and no valid token is left; the login stays
 * @see RFC 6749 section 6, RFC 9700 section 4.14
 */
export function createRefreshOnce(
  context: BrowserContext,
  kept: KeptTokens,
): (wanted: WantedToken) => Promise<AccessToken> {
  const { now, options, http, prefix, issuer, clientId, tell } = context;
  const { leeway = 30, lock = webLock } = options;
  const flight = createSingleFlight<StoredAccessToken | undefined>();

  function answer(tokens: TokenSet, wanted: WantedToken, meanwhile = false): StoredAccessToken | undefined {
    const entry = findAccessToken(tokens, wanted);
    if (!entry || entry.accessToken === wanted.refused) return undefined;
    const usable = meanwhile ? isValid(entry, seconds(now), 0) : isFresh(entry, seconds(now), leeway);
    return usable ? entry : undefined;
  }

  /** `undefined`: the login has moved on meanwhile, look again. */
  async function inTurn(refreshToken: string, wanted: WantedToken): Promise<StoredAccessToken | undefined> {
    const before = await kept.read();
    // Another tab, or a request for another API, may have refreshed while this one waited.
    if (!before || before.refreshToken !== refreshToken) return undefined;
    // The caller of this run looks at the holder again, and fails.
    if (!isSameHolder(wanted.holder, findHolder(before))) return undefined;
    const found = answer(before, wanted);
    if (found) return found;
    try {
      const next = await spend(before, refreshToken, wanted);
      // After a logout or another login nothing brings the old login back.
      if (await kept.replace(before, next)) return findAccessToken(next, wanted);
      // The provider has issued these after the logout revoked the ones before (RFC 7009 section 2.1).
      if (!(await kept.read())) await revoke(context, next).catch(() => {});
      return undefined;
    } catch (error) {
      if (error instanceof TransportError) {
        // Asked by the provider; a pause that is kept already has no status.
        if (error.status === 429)
          await kept.replace(before, { ...before, pausedUntil: now() + (error.retryAfter ?? 1) * 1000 });
        const served = answer(before, wanted, true);
        if (served) return served;
      }
      if (!(error instanceof AuthorizationServerError && error.error === 'invalid_grant')) throw error;
      const { refreshToken: _, ...rest } = before;
      // Kept without tokens: a silent login of the same user continues it, after a logout it cannot.
      if (!(await kept.replace(before, { ...rest, accessTokens: [], ended: true }))) return undefined;
      tell({ type: 'session.ended', issuer, reason: 'invalid_grant' });
      throw loginHasEnded();
    }
  }

  /** The one call of the token endpoint. */
  async function spend(
    tokens: KeptTokenSet,
    refreshToken: string,
    wanted: WantedToken,
  ): Promise<KeptTokenSet> {
    const { claims, scopes: grantedScopes, pausedUntil = 0, login } = tokens;
    const { resource, scope } = wanted;
    const pause = pausedUntil - now();
    if (pause > 0) {
      const retryAfter = Math.ceil(pause / 1000);
      throw new TransportError('rate_limited', 'The provider wants a pause.', { retryAfter });
    }
    const response = await refresh(context, refreshToken, { resource, scope, claims, grantedScopes });
    const next = applyRefresh(tokens, response, seconds(now), wanted);
    return { ...next, ...(login !== undefined && { login }) };
  }

  return async (wanted) => {
    // The wait outlasts the slowest exchange, or it would be given up while all is well.
    const end = performance.now() + http.timeout + 5_000;
    let waited = false;
    for (let late = false; ; waited = true) {
      const tokens = await kept.read();
      // Checked with each read, on the tokens themselves: a message of another tab can come later than its tokens.
      if (!tokens || tokens.ended || !isSameHolder(wanted.holder, findHolder(tokens))) throw loginHasEnded();
      const { refreshToken } = tokens;
      const found = answer(tokens, wanted, late || refreshToken === undefined);
      if (found) {
        if (waited) tell({ type: 'refresh.reused', issuer, clientId, from: 'session' });
        return toAccessToken(found);
      }
      if (refreshToken === undefined) {
        throw new LoginRequiredError('refresh_token_missing', 'No refresh token: ask for offline_access.');
      }
      if (late) throw new TransportError('lock_timeout', 'Another tab took too long.');
      // From before the attempt: what another tab tells meanwhile must not be missed.
      const moved = kept.moved(betweenLooks);
      // The refresh token is in the key: another user's login must not be answered with this one's token.
      const key = JSON.stringify([refreshToken, wanted]);
      const done = await flight(key, async () => {
        const name = `${prefix}refresh ${await sha256(refreshToken)}`;
        // Before the lock: a tab that is frozen while it gets ready must not keep the others from their turn.
        await Promise.allSettled([metadataOf(context), context.dpop()]);
        return lock(name, () => inTurn(refreshToken, wanted));
      });
      if (done) return toAccessToken(done);
      late = performance.now() > end;
      await moved;
    }
  };
}

export const loginHasEnded = () =>
  new LoginRequiredError('session_ended', 'The login has ended. Log in again.');
