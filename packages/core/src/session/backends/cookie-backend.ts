import { seconds } from '../../internal/clock.ts';
import { findAccessToken, type StoredAccessToken, type TokenSet } from '../../tokens/token-set.ts';
import { countChunkBytes, deleteChunks, writeChunks } from '../cookies/chunks.ts';
import { maxSessionBytes, reservedTokenBytes } from '../cookies/cookie-budget.ts';
import type { CookieToSet, RequestCookies } from '../cookies/cookies.ts';
import { createSessionCopies } from './cookie-sessions/session-copies.ts';
import {
  createSessionEncryption,
  type SessionEncryptionOptions,
} from './cookie-sessions/session-encryption.ts';
import { createEndedLoginError } from './logout-records/ended-login.ts';
import { createLongestLifetime } from './logout-records/longest-lifetime.ts';
import {
  createMatchKey,
  createTombstoneKey,
  createTombstoneKeyReader,
} from './logout-records/tombstone-keys.ts';
import type { LoadedSession, SessionBackend } from './session-backend.ts';
import { fitSession, requireSpace, selectIdToken } from './state/fit-session.ts';
import { getSessionEnds } from './state/session-lifetimes.ts';
import type { SessionState } from './state/session-state.ts';
import type { TombstoneStore } from './stores/tombstone-store.ts';

export interface CookieBackendOptions extends SessionEncryptionOptions {
  readonly name: string;
  readonly clientId: string;
  readonly tombstones: TombstoneStore;
  /** Seconds. */
  readonly idleLifetime: number;
  /** Seconds. */
  readonly absoluteLifetime: number;
  /** Called if a new access token is not stored because it does not fit. */
  readonly onTokenOmitted?: (resource: string | undefined) => void;
  /** Called if the ID token of a refresh is not stored because its claims do not fit. */
  readonly onIdTokenIgnored?: () => void;
  /** Called with the cookies of each session that is written. */
  readonly onWritten?: (cookies: readonly CookieToSet[]) => void;
}

/** Sessions that are stored in the cookie alone, encrypted. */
export function createCookieBackend(options: CookieBackendOptions): SessionBackend {
  const { jar, name, tombstones, now } = options;
  const encryption = createSessionEncryption(options);
  const copies = createSessionCopies({ jar, name, encryption });
  const readTombstoneKeys = createTombstoneKeyReader(options.clientId);
  const longestLifetime = createLongestLifetime(options);

  /** Seconds until an unused session expires. */
  const getRemainingLifetime = (state: SessionState) =>
    getSessionEnds(state, options).expiresAt - seconds(now);

  const countBytes = (state: SessionState) =>
    countChunkBytes(jar, name, {
      length: encryption.measure(state),
      maxAge: options.absoluteLifetime,
    });
  const uses = new WeakMap<StoredAccessToken, number>();
  let useCount = 0;
  const compareUse = (a: StoredAccessToken, b: StoredAccessToken) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0);

  /**
   * Encrypts as much of a state as fits in the cookies.
   *
   * @throws ConfigurationError `cookies_too_large`
   */
  async function encryptFitting(
    state: SessionState,
    { hasNewTokens, maxBytes }: { readonly hasNewTokens: boolean; readonly maxBytes?: number },
  ): Promise<string> {
    const fittedSession = fitSession(state, {
      countBytes,
      compareUse,
      hasNewTokens,
      ...(maxBytes && { maxBytes }),
    });
    const [newest] = state.tokens.accessTokens;
    if (newest && fittedSession.tokens.accessTokens.length === 0) options.onTokenOmitted?.(newest.resource);
    const sealedSession = await encryption.encrypt(fittedSession, {
      lifetime: getRemainingLifetime(fittedSession),
    });
    options.onWritten?.(createCookies(sealedSession, new Map()));
    return sealedSession;
  }

  /**
   * Encrypts a state with the tokens of a refresh.
   *
   * @throws ConfigurationError `cookies_too_large` if not even the refresh token fits
   */
  async function encryptRefreshed(state: SessionState, previousTokens: TokenSet) {
    const refreshedState = selectIdToken(state, previousTokens, { countBytes });
    const sealedSession = await encryptFitting(refreshedState, { hasNewTokens: true });
    if (refreshedState !== state) options.onIdTokenIgnored?.();
    return { state: refreshedState, sealedSession };
  }

  /**
   * The budget of a session with other data of the application. Data that would leave no room for longer tokens is rejected,
   * unless it is smaller than before.
   */
  const getDataBudget = (previousState: SessionState) =>
    Math.min(maxSessionBytes, Math.max(maxSessionBytes - reservedTokenBytes, countBytes(previousState)));

  function createCookies(sealedSession: string, existing: RequestCookies): CookieToSet[] {
    const value = { ...encryption.split(sealedSession), maxAge: options.absoluteLifetime };
    return writeChunks(jar, name, value, existing);
  }

  async function isAlive(state: SessionState): Promise<boolean> {
    const { ofUser, others, all } = await readTombstoneKeys(state);
    const endedAt = await tombstones.latest(all);
    if (endedAt === undefined || endedAt < state.createdAt) return true;
    if (state.precedingLogoutAt === undefined) return false;
    const [user, other = 0] = await Promise.all([tombstones.latest(ofUser), tombstones.latest(others)]);
    return user === state.precedingLogoutAt && other < state.createdAt;
  }

  async function findLive(state: SessionState): Promise<LoadedSession | undefined> {
    // The sealed expiry is that of the options with which the cookie was written.
    if (getRemainingLifetime(state) <= 0) return undefined;
    return (await isAlive(state)) ? { state, key: state.id, version: 0 } : undefined;
  }

  /**
   * Finds a logout of all sessions of the user that precedes this session within the same second. Its tombstone exists
   * already and is older than the token request of this session. Whole seconds alone could not distinguish it from a
   * logout that happens later in the same second.
   */
  async function findPrecedingLogout(
    state: SessionState,
    requestedAt: number | undefined,
  ): Promise<number | undefined> {
    if (requestedAt === undefined) return undefined;
    try {
      const { ofUser } = await readTombstoneKeys(state);
      const endedAt = await tombstones.latest(ofUser);
      return endedAt !== undefined && endedAt >= state.createdAt && endedAt < requestedAt
        ? endedAt
        : undefined;
    } catch {
      // Without the store, a logout within the same second ends this session.
      return undefined;
    }
  }

  return {
    kind: 'cookie',
    load: (cookies) => copies.load(cookies, findLive),
    identifyAll: copies.identifyAll,
    async reload({ state }, { toEnd = false } = {}) {
      if (!state || !toEnd || getRemainingLifetime(state) > 0) return state && findLive(state);
      if (state.expiresAt <= seconds(now) || !(await isAlive(state))) return undefined;
      return { state, key: state.id, version: 0, hasExpired: true };
    },
    async create(state, cookies, { requestedAt }) {
      const precedingLogoutAt = await findPrecedingLogout(state, requestedAt);
      const newState = precedingLogoutAt === undefined ? state : { ...state, precedingLogoutAt };
      // If the store is unavailable, the first request with the cookie checks it.
      if (requestedAt !== undefined && !(await isAlive(newState).catch(() => true)))
        throw createEndedLoginError();
      await longestLifetime.record();
      const changes = createCookies(await encryptFitting(newState, { hasNewTokens: true }), new Map());
      return [
        ...(await copies.findDeletions(cookies)),
        ...changes,
        ...deleteChunks(jar, name, cookies, changes.length),
      ];
    },
    async write(loadedSession, change, { isUse }) {
      // A concurrent logout wins: the cookie of this response must not restore the session.
      if (!(await isAlive(loadedSession.state))) return false;
      const changedState = change(loadedSession.state);
      if (!changedState) return false;
      const state = isUse ? { ...changedState, usedAt: seconds(now) } : changedState;
      const { tokens, data } = loadedSession.state;
      if (state.tokens !== tokens) {
        const { state: storedState, sealedSession } = await encryptRefreshed(state, tokens);
        return { loadedSession: { ...loadedSession, state: storedState }, sealedSession };
      }
      const maxBytes = state.data === data ? maxSessionBytes : getDataBudget(loadedSession.state);
      return {
        loadedSession: { ...loadedSession, state },
        sealedSession: await encryptFitting(state, { hasNewTokens: false, maxBytes }),
      };
    },
    async applyTokens(loadedSession, tokens, sealedSession) {
      const other = sealedSession && (await encryption.decrypt(encryption.split(sealedSession)));
      // Only a cookie of the same session is used. Otherwise the tokens are encrypted again for this session.
      if (other && other.id === loadedSession.state.id)
        return { ...loadedSession, state: other, sealedSession };
      const { state } = loadedSession;
      return { ...loadedSession, ...(await encryptRefreshed({ ...state, tokens }, state.tokens)) };
    },
    requireSpace: ({ state }, request) => requireSpace(state, request, { countBytes }),
    recordUse({ state }, request) {
      const token = findAccessToken(state.tokens, request);
      if (token) uses.set(token, ++useCount);
    },
    createCookies: (sealedSession, existing) =>
      sealedSession === undefined ? [] : createCookies(sealedSession, existing),
    async end({ key, state, pending }) {
      if (!state) {
        if (!pending) return;
        await addTombstone(await createTombstoneKey('id', key), {
          endedAt: pending.endedAt,
          lifetime: await longestLifetime.read(),
          coveredBy: undefined,
          isPending: true,
        });
        return;
      }
      const { ofUser } = await readTombstoneKeys(state);
      await addTombstone(await createTombstoneKey('id', state.id), {
        // The clock of this process may be behind that of the login: the tombstone would precede the session.
        endedAt: Math.max(seconds(now), state.createdAt),
        // The session may be older than the current lifetime.
        lifetime: Math.max(options.absoluteLifetime, state.expiresAt - seconds(now)),
        coveredBy: ofUser[0],
      });
    },
    async endMatching(match, endedAt) {
      const key = await createMatchKey(match);
      // Strictly later than the previous tombstone, even under clock skew: `precedingLogoutAt` of a session must not equal it.
      const previous = await tombstones.latest([key]);
      const { issuer, clientId, sub, sid } = match;
      const coveredBy =
        sub === undefined || sid === undefined ? undefined : await createMatchKey({ issuer, clientId, sub });
      await addTombstone(key, {
        endedAt: previous === undefined ? endedAt : Math.max(endedAt, previous + 0.001),
        lifetime: await longestLifetime.read(),
        coveredBy,
      });
    },
    findDeletions: copies.findDeletions,
    deleteCookies: (existing) => deleteChunks(jar, name, existing),
    getCacheStatistics: encryption.getCacheStatistics,
  };

  function addTombstone(
    key: string,
    {
      endedAt,
      lifetime,
      coveredBy,
      isPending,
    }: {
      readonly endedAt: number;
      /** Seconds. */
      readonly lifetime: number;
      readonly coveredBy: string | undefined;
      readonly isPending?: true;
    },
  ): Promise<void> {
    return tombstones.set(key, endedAt, lifetime * 1000, { coveredBy, isPending });
  }
}
