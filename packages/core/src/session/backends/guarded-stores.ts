import { AuthError, nameForeignError, TransportError } from '../../errors.ts';
import { reserveRecord } from '../../internal/reserve-record.ts';
import type { ReplayStore } from '../../tokens/stores/replay-store.ts';
import { callStore } from '../../tokens/stores/store-call.ts';
import type { LoadedSession, SessionBackend, SessionReference } from './session-backend.ts';

/** Maximum count of sessions that could not be ended; the oldest is evicted. */
const maxEndedKeys = 10_000;
/** Maximum count of keys that could not be ended and may be of no session. Beyond it, none is added. */
const maxUnverifiedKeys = 1_000;
/** Milliseconds for which such a key is rejected. */
const unverifiedKeyLifetime = 600_000;

/** Keys of sessions whose end is pending or has failed. This process rejects them until it succeeds. */
export interface EndedKeys {
  /** Keys of sessions that exist. */
  readonly sessionKeys: Set<string>;
  /**
   * Keys whose session could not be read, and their expiry: while a store is unavailable, anyone can log out with invented
   * keys, which must not displace those of users.
   */
  readonly unverifiedKeys: Map<string, number>;
}

export const createEndedKeys = (): EndedKeys => ({ sessionKeys: new Set(), unverifiedKeys: new Map() });

/**
 * Wraps a backend so that its failures are typed: a store that throws is unavailable, which is neither "signed out" nor
 * "signed in". The error of the store is not retained as `cause`, because its text may contain stored data.
 */
export function guardBackend(backend: SessionBackend, endedKeys = createEndedKeys()): SessionBackend {
  const { sessionKeys, unverifiedKeys } = endedKeys;
  const hasEnded = (key: string) =>
    sessionKeys.has(key) || (unverifiedKeys.get(key) ?? 0) > performance.now();
  // A pending end may fail, or this process may stop before it: a request that ends a session (`toEnd`) does so itself.
  const omitEnded = (loadedSession: LoadedSession | undefined) =>
    loadedSession && hasEnded(loadedSession.key) ? undefined : loadedSession;

  return {
    kind: backend.kind,
    async load(cookies) {
      return omitEnded(await guard(() => backend.load(cookies)));
    },
    identifyAll: (cookies) => guard(() => backend.identifyAll(cookies)),
    async reload(session, options = {}) {
      const loadedSession = await guard(() => backend.reload(session, options));
      return options.toEnd ? loadedSession : omitEnded(loadedSession);
    },
    create: (state, cookies, start) => guard(() => backend.create(state, cookies, start)),
    async write(loadedSession, change, options) {
      if (hasEnded(loadedSession.key)) return false;
      let thrownError: { readonly error: unknown } | undefined;
      const guardedChange: typeof change = (state) => {
        try {
          return change(state);
        } catch (error) {
          thrownError = { error };
          throw error;
        }
      };
      return guard(() => backend.write(loadedSession, guardedChange, options)).catch((error: unknown) => {
        // An error of the application's own function is rethrown unchanged.
        throw thrownError ? thrownError.error : error;
      });
    },
    applyTokens: (loadedSession, tokens, sealedSession) =>
      guard(() => backend.applyTokens(loadedSession, tokens, sealedSession)),
    createCookies: (sealedSession, existing) => backend.createCookies(sealedSession, existing),
    requireSpace: (loadedSession, request) => backend.requireSpace(loadedSession, request),
    recordUse: (loadedSession, request) => backend.recordUse(loadedSession, request),
    async end(session) {
      // From now on this process accepts no request of the session, even if the store fails.
      recordEnd(session);
      await guard(() => backend.end(session));
      sessionKeys.delete(session.key);
      unverifiedKeys.delete(session.key);
    },
    endMatching: (match, endedAt) => guard(() => backend.endMatching(match, endedAt)),
    findDeletions: (existing, loadedSession) => guard(() => backend.findDeletions(existing, loadedSession)),
    deleteCookies: (existing) => backend.deleteCookies(existing),
    getCacheStatistics: () => backend.getCacheStatistics(),
  };

  function recordEnd({ key, state }: SessionReference): void {
    if (!state) {
      const now = performance.now();
      reserveRecord(unverifiedKeys, key, {
        now,
        expiresAt: now + unverifiedKeyLifetime,
        limit: maxUnverifiedKeys,
      });
      return;
    }
    sessionKeys.add(key);
    if (sessionKeys.size > maxEndedKeys) sessionKeys.delete(sessionKeys.values().next().value as string);
  }
}

/**
 * Wraps a replay store so that its failures are typed and its calls limited in time. If it cannot check whether a key is
 * new, the key is rejected.
 */
export function guardReplayStore(store: ReplayStore): ReplayStore {
  const guardCall = <T>(run: () => Promise<T>) => guard(() => callStore(run), 'replay');
  return {
    claim: (key, timeToLive) => guardCall(() => store.claim(key, timeToLive)),
    has: (key) => guardCall(() => store.has(key)),
    release: async (key) => {
      if (!store.release)
        throw new TransportError('store_unavailable', 'The replay store cannot release a key.');
      await guardCall(() => (store.release as (key: string) => Promise<void>)(key));
    },
  };
}

async function guard<T>(run: () => Promise<T>, store: 'session' | 'replay' = 'session'): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AuthError) throw error;
    throw new TransportError(
      'store_unavailable',
      `The ${store} store failed (${nameForeignError(error)}). Check that it can be reached.`,
    );
  }
}
