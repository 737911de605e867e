import { type Clock, seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import { findAccessToken, type StoredAccessToken } from '../../tokens/token-set.ts';
import {
  type ChunkedValue,
  countChunkBytes,
  deleteChunks,
  listCandidates,
  readCopies,
  readPartitions,
  writeChunks,
} from '../cookies/chunks.ts';
import { areBothPartitions, deleteCopies, hasSeveralCopies } from '../cookies/cookie-copies.ts';
import type { Sealer } from '../cookies/cookie-encryption.ts';
import { isSameScope } from '../cookies/cookie-scope.ts';
import type { CookieJar, CookieToSet, RequestCookies } from '../cookies/cookies.ts';
import { createEndedLoginError } from './logout-records/ended-login.ts';
import { selectCopies } from './logout-records/logout-copies.ts';
import { createLongestLifetime } from './logout-records/longest-lifetime.ts';
import {
  createMatchKey,
  createTombstoneKey,
  createTombstoneKeyReader,
} from './logout-records/tombstone-keys.ts';
import type { IdentifiedSession, LoadedSession, SessionBackend } from './session-backend.ts';
import { fitSession, requireSpace } from './state/fit-session.ts';
import { selectNewest } from './state/select-newest.ts';
import { createSessionCache, type SessionEntries } from './state/session-cache.ts';
import { getSessionEnds } from './state/session-lifetimes.ts';
import { packState, type SessionState, setCookieScope, unpackState } from './state/session-state.ts';
import type { TombstoneStore } from './stores/tombstone-store.ts';

export interface CookieBackendOptions {
  readonly jar: CookieJar;
  readonly name: string;
  readonly sealer: Sealer;
  /** Provider and client whose sessions are accepted. */
  readonly owner: string;
  readonly clientId: string;
  readonly tombstones: TombstoneStore;
  /** Entries of the cache. Default: separate ones. */
  readonly sessionEntries?: SessionEntries | undefined;
  /** Seconds. */
  readonly idleLifetime: number;
  /** Seconds. */
  readonly absoluteLifetime: number;
  readonly now: Clock;
  /** Called if a new access token is not stored because it does not fit. */
  readonly onTokenOmitted?: (resource: string | undefined) => void;
  /** Called with the cookies of each session that is written. */
  readonly onWritten?: (cookies: readonly CookieToSet[]) => void;
}

/** Sessions that are stored in the cookie alone, encrypted. */
export function createCookieBackend(options: CookieBackendOptions): SessionBackend {
  const { jar, name, sealer, tombstones, now } = options;
  const cache = createSessionCache(now, options.sessionEntries);
  // A sibling host cannot set a cookie with the prefix `__Host-`, so it is accepted with every setting.
  const allNames = [jar.toWireName(name), ...jar.toOtherWireNames(name)];
  const acceptedNames = allNames.filter((wireName, index) => index === 0 || wireName.startsWith('__Host-'));
  const readTombstoneKeys = createTombstoneKeyReader(options.clientId);
  const longestLifetime = createLongestLifetime(options);

  /** Seconds until an unused session expires. */
  const getRemainingLifetime = (state: SessionState) =>
    getSessionEnds(state, options).expiresAt - seconds(now);

  const countBytes = (state: SessionState) =>
    countChunkBytes(jar, name, {
      length: sealer.measure({ ...packState(setCookieScope(state, jar.scope)), generation: 'generati' }),
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
  async function encryptFitting(state: SessionState, hasNewTokens: boolean): Promise<string> {
    const fitted = fitSession(state, { countBytes, compareUse, hasNewTokens });
    const [newest] = state.tokens.accessTokens;
    if (newest && fitted.tokens.accessTokens.length === 0) options.onTokenOmitted?.(newest.resource);
    const sealedSession = await encrypt(fitted);
    options.onWritten?.(createCookies(sealedSession, new Map()));
    return sealedSession;
  }

  function createCookies(sealedSession: string, existing: RequestCookies): CookieToSet[] {
    const at = sealedSession.indexOf('~');
    const value = {
      text: sealedSession.slice(at + 1),
      generation: sealedSession.slice(0, at),
      maxAge: options.absoluteLifetime,
    };
    return writeChunks(jar, name, value, existing);
  }

  async function encrypt(state: SessionState): Promise<string> {
    const generation = createRandomToken().slice(0, 8);
    const issuedAt = seconds(now);
    const times = { issuedAt, expiresAt: issuedAt + getRemainingLifetime(state) };
    const content = packState(setCookieScope(state, jar.scope));
    const text = await sealer.encrypt({ ...content, generation }, times);
    return `${generation}~${text}`;
  }

  function findOrDecrypt(
    text: string,
    generation: string,
  ): Promise<SessionState | undefined> | SessionState | undefined {
    const cachedState = cache.find(text, generation);
    return cachedState === undefined ? decrypt(text, generation) : (cachedState ?? undefined);
  }

  async function decrypt(text: string, generation: string): Promise<SessionState | undefined> {
    const payload = await sealer.decrypt(text, seconds(now));
    // Every chunk contains the generation unencrypted. The encrypted copy must match.
    if (payload?.generation !== generation) return undefined;
    const state = unpackState(payload, options.owner);
    if (state) cache.add({ text, generation, expiresAt: payload.exp, state });
    return state;
  }

  /** Decrypts a copy that this application has written, whether or not it has expired. */
  async function decryptExpired({
    text,
    generation,
  }: Pick<ChunkedValue, 'text' | 'generation'>): Promise<SessionState | undefined> {
    const payload = await sealer.decrypt(text, 0);
    return payload?.generation === generation ? unpackState(payload, options.owner) : undefined;
  }

  const selectCandidates = (cookies: RequestCookies) =>
    selectCopies(
      allNames,
      (wireName) => listCandidates(wireName, cookies),
      ({ generation, text }) => `${generation}~${text}`,
    );

  async function listAccepted(cookies: RequestCookies): Promise<readonly ChunkedValue[]> {
    const copies = acceptedNames.flatMap((wireName) => readCopies(wireName, cookies));
    const partitions = acceptedNames.flatMap((wireName) => readPartitions(wireName, cookies));
    if (partitions.length === 0) return copies;
    const written = (await Promise.all(partitions.map(decryptExpired))).filter((each) => each !== undefined);
    return areBothPartitions(written.map((state) => state.cookieScope ?? {})) && selectNewest(written)
      ? [...copies, ...partitions]
      : copies;
  }

  /**
   * Finds the session of the newest copy. An ended one does not count if there are several: a sibling host may have planted
   * the session of another user, which the next login ends.
   */
  async function findLoaded(cookies: RequestCookies): Promise<LoadedSession | undefined> {
    const [value, ...copies] = await listAccepted(cookies);
    if (!value) return undefined;
    const loadCopy = async ({ text, generation }: ChunkedValue) => {
      const state = await findOrDecrypt(text, generation);
      return state && findLive(state);
    };
    if (copies.length === 0) return loadCopy(value);
    const loaded = (await Promise.all([value, ...copies].map(loadCopy))).filter((each) => each !== undefined);
    const newest = selectNewest(loaded.map(({ state }) => state));
    return loaded.find(({ state }) => state === newest);
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

  async function findDeletions(existing: RequestCookies, loaded?: LoadedSession): Promise<CookieToSet[]> {
    const isCurrent = loaded && isSameScope(loaded.state.cookieScope ?? {}, jar.scope);
    if (isCurrent && !hasSeveralCopies(jar, name, existing)) return [];
    const copies = await Promise.all(
      selectCandidates(existing).copies.map(async ({ wireName, value }) => {
        const state = await decryptExpired(value);
        return state ? [{ wireName, count: value.count, scope: state.cookieScope ?? {} }] : [];
      }),
    );
    return deleteCopies(jar, name, { copies: copies.flat(), cookies: loaded ? undefined : existing });
  }

  return {
    kind: 'cookie',
    load: findLoaded,
    async identifyAll(cookies) {
      const { copies, isTruncated } = selectCandidates(cookies);
      const found = await Promise.all(
        copies.map(async ({ wireName, value: { text, generation } }) => {
          // A copy of an expired cookie may have been used since, so that it signs in elsewhere.
          const state =
            (await findOrDecrypt(text, generation)) ?? (await decryptExpired({ text, generation }));
          return state ? [{ state, isAccepted: acceptedNames.includes(wireName) }] : [];
        }),
      );
      const sessions = new Map<string, IdentifiedSession & { readonly state: SessionState }>();
      for (const { state, isAccepted } of found.flat()) {
        const known = sessions.get(state.id);
        // Several copies can be of one session. The refresh token of the newest one is not spent.
        const newest = selectNewest(known ? [known.state, state] : [state]) ?? state;
        sessions.set(state.id, {
          key: state.id,
          state: newest,
          isAccepted: isAccepted || known?.isAccepted === true,
        });
      }
      return { sessions: [...sessions.values()], isTruncated };
    },
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
      const changes = createCookies(await encryptFitting(newState, true), new Map());
      return [
        ...(await findDeletions(cookies)),
        ...changes,
        ...deleteChunks(jar, name, cookies, changes.length),
      ];
    },
    async write(loaded, change, { isUse }) {
      // A concurrent logout wins: the cookie of this response must not restore the session.
      if (!(await isAlive(loaded.state))) return false;
      const changed = change(loaded.state);
      if (!changed) return false;
      const state = isUse ? { ...changed, usedAt: seconds(now) } : changed;
      const hasNewTokens = state.tokens !== loaded.state.tokens;
      return { loaded: { ...loaded, state }, sealedSession: await encryptFitting(state, hasNewTokens) };
    },
    async applyTokens(loaded, tokens, sealedSession) {
      const [generation = '', text = ''] = sealedSession?.split('~') ?? [];
      const other = await findOrDecrypt(text, generation);
      // Only a cookie of the same session is used. Otherwise the tokens are encrypted again for this session.
      if (other?.id === loaded.state.id && sealedSession !== undefined)
        return { ...loaded, state: other, sealedSession };
      const state = { ...loaded.state, tokens };
      return { ...loaded, state, sealedSession: await encryptFitting(state, true) };
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
    findDeletions,
    deleteCookies: (existing) => deleteChunks(jar, name, existing),
    getCacheStatistics: () => cache.getStatistics(),
  };

  function addTombstone(
    key: string,
    {
      endedAt,
      lifetime,
      coveredBy,
    }: {
      readonly endedAt: number;
      /** Seconds. */
      readonly lifetime: number;
      readonly coveredBy: string | undefined;
    },
  ): Promise<void> {
    return tombstones.set(key, endedAt, lifetime * 1000, { coveredBy });
  }
}
