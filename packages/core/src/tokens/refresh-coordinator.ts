import { contextOf, tell } from '../client/context.ts';
import type { Client } from '../client/create-client.ts';
import { dpopThumbprint } from '../client/dpop.ts';
import { type RefreshRequest, refreshTokens } from '../client/refresh.ts';
import type { TokenResponse } from '../client/token-response.ts';
import {
  AuthorizationServerError,
  ConfigurationError,
  LoginRequiredError,
  TransportError,
} from '../errors.ts';
import type { AuthEvent } from '../events.ts';
import { type Clock, seconds } from '../internal/clock.ts';
import { randomToken, sha256 } from '../internal/encoding.ts';
import { createSingleFlight } from '../internal/single-flight.ts';
import { createMemoryLock, type RefreshLock } from './refresh-lock.ts';
import { createSuccessions, type Successions } from './successions.ts';
import { refreshTokenKey, type Successor, type SuccessorStore } from './successor.ts';
import {
  type AccessToken,
  type AccessTokenRequest,
  applyRefresh,
  findAccessToken,
  isValid,
  type TokenSet,
} from './token-set.ts';

/** Where one login's tokens are kept: a session, a tab, a file. */
export interface TokenHolder {
  /** The tokens as they are now, freshly read; `undefined` when the session is over. */
  read(): Promise<TokenSet | undefined>;
  /**
   * Keeps the next tokens, if the session is still there.
   *
   * @returns `false` when the session has ended meanwhile: nothing resurrects it.
   *   Otherwise what other requests with the old tokens must be given, for example the sealed cookie.
   */
  write(next: TokenSet, previous: TokenSet): Promise<{ readonly carry?: string } | false>;
  /** Ends the session, because the provider no longer accepts its refresh token. */
  end(previous: TokenSet): Promise<void>;
}

export interface RefreshCoordinatorOptions {
  /** Default: within this process. */
  readonly lock?: RefreshLock;
  /** Default: within this process. */
  readonly successors?: SuccessorStore;
  /** Seconds before its end at which an access token is renewed. Default: 30, and never more than half of its life. */
  readonly leeway?: number;
  /** Seconds for which a late holder of the old refresh token is given the new tokens. Default: 30. */
  readonly successorLife?: number;
  /** Milliseconds to wait for another holder's refresh. Default: the client's time-out and 5 seconds more. */
  readonly lockWait?: number;
}

export interface GetAccessTokenRequest extends AccessTokenRequest {
  /**
   * Refresh although the token is still valid: its value was refused by an API, or new claims are wanted.
   * A token that somebody else has fetched since then is taken instead.
   */
  readonly forceRefresh?: boolean;
}

export interface GetAccessTokenResult {
  readonly accessToken: AccessToken;
  readonly tokens: TokenSet;
  /** True when `tokens` are newer than what the holder read. */
  readonly changed: boolean;
  /** What the session made of the tokens that somebody else fetched, for example the sealed cookie. */
  readonly carry?: string;
}

/** Gives out access tokens, and makes sure that each refresh token is spent once. */
export interface RefreshCoordinator {
  /**
   * @throws LoginRequiredError `not_signed_in`, `session_ended` or `refresh_token_missing`
   * @throws TransportError when the provider is not well and no valid token is left; the session stays
   */
  getAccessToken(holder: TokenHolder, request?: GetAccessTokenRequest): Promise<GetAccessTokenResult>;
}

/** Rounds of "somebody else was faster" after which a request gives up. */
const maxRounds = 10;

/**
 * The refresh contract: a valid token is returned without any call; one refresh token is spent once, whoever waits;
 * a lost session is a session that the provider ended, and no other.
 *
 * @see RFC 6749 section 6, RFC 9700 section 4.14
 */
export function createRefreshCoordinator(
  client: Client,
  options: RefreshCoordinatorOptions = {},
): RefreshCoordinator {
  const { now, http } = contextOf(client);
  const { issuer, clientId } = client;
  const successorLife = options.successorLife ?? 30;
  if (!(successorLife >= 0)) {
    throw new ConfigurationError('invalid_option', 'successorLife must not be negative.');
  }
  return coordinateRefreshes(
    {
      issuer,
      clientId,
      now,
      timeout: http.timeout,
      refresh: (refreshToken, request) => refreshTokens(client, refreshToken, request),
      thumbprint: () => dpopThumbprint(client),
      tell: (event) => tell(client, event),
    },
    options,
    createSuccessions(client, {
      ...(options.successors && { successors: options.successors }),
      life: successorLife * 1000,
      now,
      tell: (event) => tell(client, event),
    }),
  );
}

/** Whoever spends refresh tokens at the token endpoint; the browser's client is another than the server's. */
export interface RefreshingClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly now: Clock;
  /** Milliseconds for one exchange with the provider. */
  readonly timeout: number;
  refresh(refreshToken: string, request: RefreshRequest): Promise<TokenResponse>;
  /** The key to which tokens are bound, if any. */
  thumbprint(): Promise<string | undefined>;
  tell(event: AuthEvent): void;
}

/**
 * The contract of {@link createRefreshCoordinator} over any client. Where every holder of a token set reads the same
 * storage, as in a browser, nobody comes late with an old refresh token and there are no successions to follow.
 */
export function coordinateRefreshes(
  client: RefreshingClient,
  options: Omit<RefreshCoordinatorOptions, 'successors' | 'successorLife'> = {},
  successions?: Successions,
): RefreshCoordinator {
  const { now, timeout } = client;
  const localLock = createMemoryLock();
  const leeway = options.leeway ?? 30;
  const wait = options.lockWait ?? timeout + 5_000;
  if (!(leeway >= 0 && wait > 0)) {
    throw new ConfigurationError('invalid_option', 'leeway and lockWait must not be negative.');
  }
  const flight = createSingleFlight<GetAccessTokenResult>();
  /** Until when the provider asked to be left alone, in milliseconds since the epoch. */
  let pausedUntil = 0;

  const keyOf = (refreshToken: string) => refreshTokenKey(refreshToken, client);

  /** The token that answers the request, unless it is too old or it is the very one that is to be replaced. */
  function usable(
    tokens: TokenSet,
    request: GetAccessTokenRequest,
    rejected: string | undefined,
  ): AccessToken | undefined {
    const entry = findAccessToken(tokens, request);
    if (!entry || entry.accessToken === rejected) return undefined;
    const life =
      entry.expiresAt === undefined ? Number.POSITIVE_INFINITY : entry.expiresAt - tokens.updatedAt;
    return isValid(entry, seconds(now), Math.min(leeway, life / 2)) ? entry : undefined;
  }

  async function getAccessToken(
    holder: TokenHolder,
    request: GetAccessTokenRequest = {},
  ): Promise<GetAccessTokenResult> {
    const read = await holder.read();
    if (!read) throw new LoginRequiredError('not_signed_in', 'There is no session. Log in first.');
    const rejected = request.forceRefresh ? findAccessToken(read, request)?.accessToken : undefined;
    const entry = usable(read, request, rejected);
    if (entry) return { accessToken: entry, tokens: read, changed: false };
    if (read.refreshToken === undefined) return withoutRefreshToken(read, request, rejected);
    const key = await sha256(
      JSON.stringify([
        await keyOf(read.refreshToken),
        request.resource ?? null,
        request.scope ?? null,
        rejected === undefined ? null : await sha256(rejected),
        (await client.thumbprint()) ?? null,
      ]),
    );
    return flight(key, () => refreshInTurn(holder, request, rejected));
  }

  function withoutRefreshToken(
    tokens: TokenSet,
    request: AccessTokenRequest,
    rejected: string | undefined,
  ): GetAccessTokenResult {
    const accessToken = stillValid(tokens, request);
    if (accessToken && accessToken.accessToken !== rejected) return { accessToken, tokens, changed: false };
    throw new LoginRequiredError(
      'refresh_token_missing',
      'The access token has ended and the provider gave no refresh token. Ask for the scope offline_access at login.',
    );
  }

  function stillValid(tokens: TokenSet, request: AccessTokenRequest): AccessToken | undefined {
    const entry = findAccessToken(tokens, request);
    return entry && isValid(entry, seconds(now), 0) ? entry : undefined;
  }

  /** Takes turns with everybody who holds the same refresh token, until somebody has what is asked. */
  async function refreshInTurn(
    holder: TokenHolder,
    request: GetAccessTokenRequest,
    rejected: string | undefined,
  ): Promise<GetAccessTokenResult> {
    const owner = randomToken();
    for (let round = 0; round < maxRounds; round++) {
      const before = await current(holder);
      const found = adopt(before, request, rejected);
      if (found) return found;
      const refreshToken = before.tokens.refreshToken;
      if (refreshToken === undefined) return withoutRefreshToken(before.tokens, request, rejected);
      const key = await keyOf(refreshToken);
      if (!(await acquire(key, owner))) {
        const served = serveMeanwhile(before, request, rejected);
        if (served) return served;
        throw new TransportError(
          'lock_timeout',
          'Another request holds the refresh for too long. Try again.',
        );
      }
      try {
        // Somebody may have refreshed while this one waited.
        const after = await current(holder);
        const done = adopt(after, request, rejected);
        if (done) return done;
        if (after.tokens.refreshToken !== refreshToken) continue;
        const result = await spend(holder, after.tokens, refreshToken, request);
        if (result) return result;
      } catch (error) {
        const served =
          error instanceof TransportError ? serveMeanwhile(before, request, rejected) : undefined;
        if (served) return served;
        throw error;
      } finally {
        await release(key, owner);
      }
    }
    throw new TransportError('lock_timeout', 'Too many refreshes of this session at once. Try again.');
  }

  async function current(holder: TokenHolder): Promise<Successor & { readonly read: TokenSet }> {
    const read = await holder.read();
    if (!read) throw new LoginRequiredError('session_ended', 'The session has ended. Log in again.');
    return { ...((await successions?.newest(read)) ?? { tokens: read }), read };
  }

  function adopt(
    state: Successor & { readonly read: TokenSet },
    request: GetAccessTokenRequest,
    rejected: string | undefined,
  ): GetAccessTokenResult | undefined {
    const accessToken = usable(state.tokens, request, rejected);
    return accessToken && resultOf(state, accessToken);
  }

  function resultOf(
    state: Successor & { readonly read: TokenSet },
    accessToken: AccessToken,
  ): GetAccessTokenResult {
    const changed = state.tokens !== state.read;
    const { issuer, clientId } = client;
    client.tell({ type: 'refresh.adopted', issuer, clientId, from: changed ? 'successor' : 'session' });
    return {
      accessToken,
      tokens: state.tokens,
      changed,
      ...(state.carry !== undefined && { carry: state.carry }),
    };
  }

  /** A token inside its leeway is better than an error. */
  function serveMeanwhile(
    state: Successor & { readonly read: TokenSet },
    request: GetAccessTokenRequest,
    rejected: string | undefined,
  ): GetAccessTokenResult | undefined {
    const accessToken = stillValid(state.tokens, request);
    return accessToken && accessToken.accessToken !== rejected ? resultOf(state, accessToken) : undefined;
  }

  /** The one call of the token endpoint. `undefined`: the session has moved on meanwhile, look again. */
  async function spend(
    holder: TokenHolder,
    tokens: TokenSet,
    refreshToken: string,
    request: GetAccessTokenRequest,
  ): Promise<GetAccessTokenResult | undefined> {
    // A provider that asked for a pause gets it from everybody who waits (RFC 6585 section 4).
    if (pausedUntil > now()) {
      const retryAfter = Math.ceil((pausedUntil - now()) / 1000);
      throw new TransportError('rate_limited', 'The provider limits the rate of refreshes', {
        retryAfter,
        status: 429,
      });
    }
    let next: TokenSet;
    try {
      const response = await client.refresh(refreshToken, {
        resource: request.resource,
        scope: request.scope,
        claims: tokens.claims,
        grantedScope: tokens.scope,
      });
      next = applyRefresh(tokens, response, Math.max(seconds(now), tokens.updatedAt), request);
    } catch (error) {
      if (error instanceof TransportError && error.code === 'rate_limited') {
        pausedUntil = now() + (error.retryAfter ?? 1) * 1000;
      }
      if (error instanceof AuthorizationServerError && error.error === 'invalid_grant') {
        return afterInvalidGrant(holder, tokens, refreshToken);
      }
      throw error;
    }
    const written = await holder.write(next, tokens);
    if (written === false)
      throw new LoginRequiredError('session_ended', 'The session ended during the refresh. Log in again.');
    const successor: Successor = { tokens: next, ...written };
    await successions?.keep(refreshToken, successor);
    const accessToken = findAccessToken(next, request) as AccessToken;
    return { accessToken, changed: true, ...successor };
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
    client.tell({ type: 'session.ended', issuer: client.issuer, reason: 'invalid_grant' });
    throw new LoginRequiredError(
      'session_ended',
      'The provider no longer accepts the refresh token. Log in again.',
    );
  }

  // The lock outlives the slowest exchange: an owner whose lock ran out would refresh beside its successor.
  const timeToLive = timeout * 2 + 5_000;

  /** If the shared lock is away, requests of this process still take turns. */
  const acquire = async (key: string, owner: string) => {
    const attempt = { owner, timeToLive, wait };
    try {
      if (options.lock) return await options.lock.acquire(key, attempt);
    } catch {
      client.tell({ type: 'store.unavailable', port: 'lock' });
    }
    return localLock.acquire(key, attempt);
  };

  const release = async (key: string, owner: string) => {
    await localLock.release(key, owner);
    // A lock that cannot be given back frees itself.
    await options.lock?.release(key, owner).catch(() => {});
  };

  return { getAccessToken };
}
