import {
  AuthorizationServerError,
  ConfigurationError,
  LoginRequiredError,
  TransportError,
} from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { sha256 } from '../internal/encoding.ts';
import { createSingleFlight } from '../internal/single-flight.ts';
import { createLockKeeper, type HeldLock } from './held-lock.ts';
import { createRateLimit } from './rate-limit.ts';
import type { RefreshLock } from './refresh-lock.ts';
import type { RefreshingClient } from './refreshing-client.ts';
import type { Successions } from './successions.ts';
import { refreshTokenKey, type Successor } from './successor.ts';
import type { TokenHolder } from './token-holder.ts';
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
} from './token-set.ts';
import { writeEventually } from './write-eventually.ts';

export interface CoordinationOptions {
  /** Default: within this process. */
  readonly lock?: RefreshLock;
  /** Seconds before its end at which an access token is renewed. Default: 30, and never more than half of its life. */
  readonly leeway?: number;
  /** Milliseconds to wait for another holder's refresh. Default: the client's time-out and 5 seconds more. */
  readonly lockWait?: number;
}

/** Which token is wanted, and how it may be come by. */
export interface GetAccessTokenRequest extends AccessTokenRequest {
  /**
   * Refresh although the token is still valid: its value was refused by an API, or new claims are wanted.
   * A token that somebody else has fetched since then is taken instead.
   */
  readonly forceRefresh?: boolean;
}

/** The token, and what came of the session on the way to it. */
export interface GetAccessTokenResult {
  readonly accessToken: AccessToken;
  readonly tokens: TokenSet;
  /** True when `tokens` are newer than what the holder read. */
  readonly changed: boolean;
  /** What the session made of the tokens that somebody else fetched, for example the sealed cookie. */
  readonly carry?: string;
}

/** Gives out access tokens, and makes sure that each refresh token is spent once. */
export interface AccessTokenSource {
  /**
   * @throws LoginRequiredError `not_signed_in`, `session_ended` or `refresh_token_missing`
   * @throws TransportError when the provider is not well and no valid token is left; the session stays
   */
  getAccessToken(holder: TokenHolder, request?: GetAccessTokenRequest): Promise<GetAccessTokenResult>;
}

/** Rounds of "somebody else was faster" after which a request gives up. */
const maxRounds = 10;

/** The newest tokens that are known, and those that the session itself has. */
type Known = Successor & { readonly read: TokenSet };

/** One wish, and the value that it must not be answered with. */
interface Wanted extends GetAccessTokenRequest {
  readonly rejected: string | undefined;
}

/**
 * The refresh contract over any client. Where every holder of a token set reads the same storage, nobody comes late with
 * an old refresh token, and there are no successions to follow.
 */
export function coordinateRefreshes(
  client: RefreshingClient,
  options: CoordinationOptions = {},
  successions?: Successions,
): AccessTokenSource {
  const { now, timeout, issuer, clientId } = client;
  const leeway = options.leeway ?? 30;
  const wait = options.lockWait ?? timeout + 5_000;
  if (!(leeway >= 0 && wait > 0)) {
    throw new ConfigurationError('invalid_option', 'leeway and lockWait must not be negative.');
  }
  const flight = createSingleFlight<GetAccessTokenResult>();
  const hold = createLockKeeper({ lock: options.lock, wait, timeout, tell: (event) => client.tell(event) });
  const rateLimit = createRateLimit(successions);
  const keyOf = (refreshToken: string) => refreshTokenKey(refreshToken, client);

  async function getAccessToken(
    holder: TokenHolder,
    request: GetAccessTokenRequest = {},
  ): Promise<GetAccessTokenResult> {
    const read = await holder.read();
    if (!read) throw new LoginRequiredError('not_signed_in', 'There is no session. Log in first.');
    const rejected = request.forceRefresh ? findAccessToken(read, request)?.accessToken : undefined;
    const wanted: Wanted = { ...request, rejected };
    const entry = usable(read, wanted);
    if (entry) return { accessToken: toAccessToken(entry), tokens: read, changed: false };
    if (read.refreshToken === undefined) return withoutRefreshToken({ tokens: read, read }, wanted);
    // The refresh token is in the key: without it, one user would be answered with another's token.
    const key = JSON.stringify([
      await keyOf(read.refreshToken),
      request.resource ?? null,
      request.scope ?? null,
      rejected === undefined ? null : await sha256(rejected),
      (await client.thumbprint()) ?? null,
    ]);
    return flight(key, () => refreshInTurn(holder, wanted));
  }

  /** The token that answers the request, unless it is too old or it is the very one that is to be replaced. */
  function usable(tokens: TokenSet, wanted: Wanted): StoredAccessToken | undefined {
    const entry = findAccessToken(tokens, wanted);
    if (!entry || entry.accessToken === wanted.rejected) return undefined;
    return isFresh(entry, seconds(now), leeway) ? entry : undefined;
  }

  function withoutRefreshToken(known: Known, wanted: Wanted): GetAccessTokenResult {
    const served = serveMeanwhile(known, wanted);
    if (served) return served;
    throw new LoginRequiredError(
      'refresh_token_missing',
      'The access token has ended and the provider gave no refresh token. Ask for the scope offline_access at login.',
    );
  }

  /** A token inside its leeway is better than an error. */
  function serveMeanwhile(known: Known, wanted: Wanted): GetAccessTokenResult | undefined {
    const entry = findAccessToken(known.tokens, wanted);
    if (!entry || entry.accessToken === wanted.rejected || !isValid(entry, seconds(now), 0)) return undefined;
    return resultOf(known, entry);
  }

  /** Takes turns with everybody who holds the same refresh token, until somebody has what is asked. */
  async function refreshInTurn(holder: TokenHolder, wanted: Wanted): Promise<GetAccessTokenResult> {
    for (let round = 0; round < maxRounds; round++) {
      const before = await current(holder);
      const found = adopt(before, wanted);
      if (found) return found;
      const { refreshToken } = before.tokens;
      if (refreshToken === undefined) return withoutRefreshToken(before, wanted);
      const key = await keyOf(refreshToken);
      const lock = await hold(key);
      if (!lock) {
        const served = serveMeanwhile(before, wanted);
        if (served) return served;
        throw new TransportError(
          'lock_timeout',
          'Another request holds the refresh for too long. Try again.',
        );
      }
      const held = { lock, handedOver: false };
      try {
        // Somebody may have refreshed while this one waited.
        const after = await current(holder);
        const done = adopt(after, wanted);
        if (done) return done;
        if (after.tokens.refreshToken !== refreshToken) continue;
        await rateLimit.check(key, refreshToken);
        const result = await spend(holder, after.tokens, refreshToken, wanted, held);
        if (result) return result;
      } catch (error) {
        const served = error instanceof TransportError ? serveMeanwhile(before, wanted) : undefined;
        if (served) return served;
        throw error;
      } finally {
        if (!held.handedOver) await lock.release();
      }
    }
    throw new TransportError('lock_timeout', 'Too many refreshes of this session at once. Try again.');
  }

  async function current(holder: TokenHolder): Promise<Known> {
    const read = await holder.read();
    if (!read) throw new LoginRequiredError('session_ended', 'The session has ended. Log in again.');
    return { ...((await successions?.newest(read)) ?? { tokens: read }), read };
  }

  function adopt(known: Known, wanted: Wanted): GetAccessTokenResult | undefined {
    const accessToken = usable(known.tokens, wanted);
    if (!accessToken) return undefined;
    const from = known.tokens === known.read ? 'session' : 'successor';
    client.tell({ type: 'refresh.reused', issuer, clientId, from });
    return resultOf(known, accessToken);
  }

  function resultOf({ tokens, read, carry }: Known, entry: StoredAccessToken): GetAccessTokenResult {
    return {
      accessToken: toAccessToken(entry),
      tokens,
      changed: tokens !== read,
      ...(carry !== undefined && { carry }),
    };
  }

  /** The one call of the token endpoint. `undefined`: the session has moved on meanwhile, look again. */
  async function spend(
    holder: TokenHolder,
    tokens: TokenSet,
    refreshToken: string,
    wanted: Wanted,
    held: { readonly lock: HeldLock; handedOver: boolean },
  ): Promise<GetAccessTokenResult | undefined> {
    holder.requireWritable?.();
    let next: TokenSet;
    try {
      const response = await client.refresh(refreshToken, {
        resource: wanted.resource,
        scope: wanted.scope,
        claims: tokens.claims,
        grantedScopes: tokens.scopes,
      });
      next = applyRefresh(tokens, response, seconds(now), wanted);
    } catch (error) {
      if (error instanceof TransportError && error.code === 'rate_limited') {
        await rateLimit.pause(await keyOf(refreshToken), refreshToken, error.retryAfter);
      }
      if (error instanceof AuthorizationServerError && error.error === 'invalid_grant') {
        return afterInvalidGrant(holder, tokens, refreshToken);
      }
      throw error;
    }
    const accessToken = toAccessToken(findAccessToken(next, wanted) as StoredAccessToken);
    const written = await write(holder, next, tokens);
    if (written === 'ended') {
      throw new LoginRequiredError('session_ended', 'The session ended during the refresh. Log in again.');
    }
    if (written === 'elsewhere') {
      await successions?.keep(refreshToken, { tokens: next });
      return undefined;
    }
    if (written === 'later') {
      // The refresh token is spent, and only this process knows what came of it: it must not be lost with the store.
      client.tell({ type: 'store.unavailable', port: 'session' });
      await successions?.keep(refreshToken, { tokens: next }, { unwritten: true });
      held.handedOver = true;
      writeEventually({
        write: () => holder.write(next, tokens),
        keep: async (result) => successions?.keep(refreshToken, { tokens: next, ...result }),
        done: () => held.lock.release(),
      });
      return { accessToken, tokens: next, changed: true };
    }
    const successor: Successor = { tokens: next, ...written };
    await successions?.keep(refreshToken, successor);
    return { accessToken, changed: true, ...successor };
  }

  async function write(
    holder: TokenHolder,
    next: TokenSet,
    previous: TokenSet,
  ): Promise<{ readonly carry?: string } | 'ended' | 'elsewhere' | 'later'> {
    try {
      const written = await holder.write(next, previous);
      if (written !== false) return written;
      // Refused: because the session is over, because another login has taken its place, or for a reason that passes.
      const still = await holder.read();
      if (!still) return 'ended';
      return still.refreshToken === previous.refreshToken ? 'later' : 'elsewhere';
    } catch {
      return 'later';
    }
  }

  /** Only this answer ends a session, and only after another look: somebody may have spent the token rightfully. */
  async function afterInvalidGrant(
    holder: TokenHolder,
    tokens: TokenSet,
    refreshToken: string,
  ): Promise<undefined> {
    const again = await current(holder);
    if (again.tokens.refreshToken !== refreshToken) return undefined;
    await holder.end(tokens);
    client.tell({ type: 'session.ended', issuer, reason: 'invalid_grant' });
    throw new LoginRequiredError(
      'session_ended',
      'The provider no longer accepts the refresh token. Log in again.',
    );
  }

  return { getAccessToken };
}
