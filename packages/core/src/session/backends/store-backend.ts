import { sha256 } from '#platform';
import { ConfigurationError } from '../../errors.ts';
import { type Clock, seconds } from '../../internal/clock.ts';
import { getIdentity, isNewerTokenSet } from '../../tokens/token-set.ts';
import { listValues, readValues } from '../cookies/chunks.ts';
import { deleteCopies } from '../cookies/cookie-copies.ts';
import type { Sealer } from '../cookies/cookie-encryption.ts';
import type { CookieJar, CookieToSet, RequestCookies } from '../cookies/cookies.ts';
import { createEndedLoginError } from './logout-records/ended-login.ts';
import { selectCopies } from './logout-records/logout-copies.ts';
import { createLogoutMarkers } from './logout-records/logout-markers.ts';
import { createMatchKey, createTombstoneKey } from './logout-records/tombstone-keys.ts';
import type { LoadedSession, SessionBackend } from './session-backend.ts';
import { selectNewest } from './state/select-newest.ts';
import { getSessionEnds } from './state/session-lifetimes.ts';
import { packState, type SessionState, setCookieScope, unpackState } from './state/session-state.ts';
import type { SessionRecord, SessionStore } from './stores/session-store.ts';

export interface StoreBackendOptions {
  readonly jar: CookieJar;
  readonly name: string;
  readonly sealer: Sealer;
  /** Provider and client whose sessions are accepted. */
  readonly owner: string;
  readonly clientId: string;
  readonly store: SessionStore;
  /** Seconds. */
  readonly idleLifetime: number;
  /** Seconds. */
  readonly absoluteLifetime: number;
  readonly now: Clock;
}

const createUnreadableSessionError = () =>
  new ConfigurationError(
    'invalid_option',
    'A stored session could not be decrypted, because "secret" does not contain the secret with which it was encrypted. The session is ended, but its refresh token cannot be revoked.',
  );

const isIdentifier = (value: string) => /^[\w-]{43}$/.test(value);

/** Maximum attempts of a write that meets concurrent writes. */
const maxTries = 8;

/**
 * Sessions in a store: the cookie contains only a random identifier.
 * The store contains only its hash, so that read access to the store does not allow taking over a session.
 */
export function createStoreBackend(options: StoreBackendOptions): SessionBackend {
  const { jar, name, sealer, store, now } = options;
  const logoutMarkers = createLogoutMarkers(options);

  async function createRecord(state: SessionState, key: string, version: number): Promise<SessionRecord> {
    const user = getIdentity(state.tokens);
    const { expiresAt } = getSessionEnds(state, options);
    // The key is encrypted with the session: a record that was moved to another key is rejected.
    const value = await sealer.encrypt({ ...packState(state), key }, { issuedAt: seconds(now), expiresAt });
    return {
      version,
      value,
      issuer: user?.iss ?? '',
      sub: user?.sub ?? '',
      ...(user?.sid !== undefined && { sid: user.sid }),
      clientId: options.clientId,
      expiresAt,
    };
  }

  async function read(key: string): Promise<LoadedSession | undefined> {
    const record = await store.get(key);
    const loadedSession = record && (await decryptRecord(record, key));
    return loadedSession === 'unreadable' || loadedSession?.hasExpired ? undefined : loadedSession;
  }

  /** @throws ConfigurationError if no secret of this process decrypts the session. The session can still be ended. */
  async function readToEnd(key: string): Promise<LoadedSession | undefined> {
    const record = await store.get(key);
    const loadedSession = record && (await decryptRecord(record, key));
    if (loadedSession !== 'unreadable') return loadedSession;
    // Another client may use the same store and the same name of the cookie.
    if (record?.clientId !== options.clientId) return undefined;
    throw createUnreadableSessionError();
  }

  async function decryptRecord(
    record: SessionRecord,
    key: string,
  ): Promise<LoadedSession | 'unreadable' | undefined> {
    const payload = await sealer.decrypt(record.value, seconds(now));
    // An expired session is not decrypted either, and a store may return it if its clock differs.
    if (!payload) return record.expiresAt > seconds(now) ? 'unreadable' : undefined;
    const state = payload.key === key ? unpackState(payload, options.owner) : undefined;
    if (!state) return undefined;
    // The expiry of the record is that of the options with which it was written.
    const hasExpired = getSessionEnds(state, options).expiresAt <= seconds(now);
    return { state, key, version: record.version, ...(hasExpired && { hasExpired }) };
  }

  const wireNames = jar.listWireNames(name);

  /** Several cookies have identifiers if the domain or path of the cookie was changed. */
  async function readKeys(cookies: RequestCookies): Promise<readonly string[]> {
    const values = wireNames.acceptedNames.flatMap((wireName) => readValues(wireName, cookies));
    return Promise.all(values.filter(isIdentifier).map((value) => sha256(value)));
  }

  async function load(cookies: RequestCookies): Promise<LoadedSession | undefined> {
    const keys = await readKeys(cookies);
    const sessions = (await Promise.all(keys.map(read))).filter((session) => session !== undefined);
    const state = selectNewest(sessions.map((session) => session.state));
    return sessions.find((session) => session.state === state);
  }

  const selectIdentifiers = (cookies: RequestCookies) =>
    selectCopies(
      wireNames.all,
      (wireName) => listValues(wireName, cookies).filter(isIdentifier),
      (identifier) => identifier,
    );

  async function findDeletions(
    existing: RequestCookies,
    loadedSession?: LoadedSession,
  ): Promise<CookieToSet[]> {
    // A request of a session reads no other record: a sibling host can plant identifiers.
    if (loadedSession) {
      const { cookieScope: scope = {} } = loadedSession.state;
      return deleteCopies(jar, name, {
        copies: [{ wireName: jar.toWireName(name, scope), count: 1, scope }],
      });
    }
    const copies = await Promise.all(
      selectIdentifiers(existing).copies.map(async ({ wireName, value }) => {
        const session = await read(await sha256(value));
        return session ? [{ wireName, count: 1, scope: session.state.cookieScope ?? {} }] : [];
      }),
    );
    return deleteCopies(jar, name, { copies: copies.flat(), cookies: existing });
  }

  return {
    kind: 'stored',
    load,
    async identifyAll(cookies) {
      const { copies, isTruncated } = selectIdentifiers(cookies);
      const sessions = await Promise.all(
        copies.map(async ({ wireName, value }) => ({
          key: await sha256(value),
          isAccepted: wireNames.acceptedNames.includes(wireName),
        })),
      );
      return { sessions, isTruncated };
    },
    reload: ({ key }, { toEnd = false } = {}) => (toEnd ? readToEnd(key) : read(key)),
    async create(state, cookies, { identifier, requestedAt }) {
      const key = await sha256(identifier);
      // The cookie is not written again: its scope stays until the session ends, even after a change of the settings.
      const newState = setCookieScope(state, jar.scope);
      // A record of this identifier belongs to another login. The cookie would select its session.
      if (!(await store.set(key, await createRecord(newState, key, 1), 0))) throw createEndedLoginError();
      if (requestedAt !== undefined && (await logoutMarkers.hasLogoutSince(state, requestedAt))) {
        await store.delete(key);
        throw createEndedLoginError();
      }
      const cookie = jar.createCookie(name, identifier, { maxAge: options.absoluteLifetime });
      return [...(await findDeletions(cookies).catch(() => [])), cookie];
    },
    async write(loadedSession, change, { isUse }) {
      let current: LoadedSession | undefined = loadedSession;
      for (let tries = 0; current && tries < maxTries; tries++) {
        const changedState = change(current.state);
        if (!changedState) return false;
        const state: SessionState = isUse ? { ...changedState, usedAt: seconds(now) } : changedState;
        const version = current.version + 1;
        if (await store.set(current.key, await createRecord(state, current.key, version), current.version)) {
          return { loadedSession: { state, key: current.key, version } };
        }
        current = await read(current.key);
      }
      return false;
    },
    async applyTokens(loadedSession, tokens) {
      // If the store is unavailable, the tokens are used, and the refresh coordinator writes them later.
      const storedSession = await read(loadedSession.key).catch(() => undefined);
      const current = storedSession ?? loadedSession;
      return storedSession && !isNewerTokenSet(tokens, storedSession.state.tokens)
        ? storedSession
        : { ...current, state: { ...current.state, tokens } };
    },
    createCookies: () => [],
    requireSpace() {},
    recordUse() {},
    async end({ key, pending }) {
      // A session that does not exist yet cannot be deleted. Both are tried, as below.
      const [marker] = await Promise.allSettled([
        pending && logoutMarkers.save(await createTombstoneKey('id', key), pending.endedAt),
      ]);
      await store.delete(key);
      if (marker.status === 'rejected') throw marker.reason;
    },
    async endMatching(match, endedAt) {
      // Both are tried, because a store without free memory can only delete.
      const key = await createMatchKey(match);
      const [marker] = await Promise.allSettled([logoutMarkers.save(key, endedAt)]);
      await store.deleteWhere(match);
      if (marker.status === 'rejected') throw marker.reason;
    },
    findDeletions,
    deleteCookies: (existing) =>
      existing.has(jar.toWireName(name)) ? [jar.createCookie(name, '', { maxAge: 0 })] : [],
    getCacheStatistics: () => ({ hits: 0, misses: 0, size: 0 }),
  };
}
