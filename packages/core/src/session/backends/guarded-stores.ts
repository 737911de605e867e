import { AuthError, TransportError } from '../../errors.ts';
import type { ReplayStore } from '../../tokens/replay-store.ts';
import { nameForeignError } from '../pages/failure-report.ts';
import type { SessionBackend } from './session-backend.ts';

/**
 * Wraps a backend so that its failures are typed: a store that throws is unavailable, which is neither "signed out" nor
 * "signed in". The error of the store is not retained as `cause`, because its text may contain stored data.
 */
export function guardBackend(backend: SessionBackend): SessionBackend {
  return {
    kind: backend.kind,
    load: (cookies) => guard(() => backend.load(cookies)),
    reload: (loaded) => guard(() => backend.reload(loaded)),
    create: (state, cookies, requestedAt) => guard(() => backend.create(state, cookies, requestedAt)),
    async write(loaded, change) {
      let thrown: { readonly error: unknown } | undefined;
      const guardedChange: typeof change = (state) => {
        try {
          return change(state);
        } catch (error) {
          thrown = { error };
          throw error;
        }
      };
      return guard(() => backend.write(loaded, guardedChange)).catch((error: unknown) => {
        // An error of the application's own function is rethrown unchanged.
        throw thrown ? thrown.error : error;
      });
    },
    applyTokens: (loaded, tokens, sealedSession) =>
      guard(() => backend.applyTokens(loaded, tokens, sealedSession)),
    createCookies: (sealedSession, existing) => backend.createCookies(sealedSession, existing),
    end: (loaded) => guard(() => backend.end(loaded)),
    endMatching: (match, endedAt) => guard(() => backend.endMatching(match, endedAt)),
    deleteCookies: (existing) => backend.deleteCookies(existing),
    getCacheStatistics: () => backend.getCacheStatistics(),
  };
}

/** Wraps a replay store so that its failures are typed. If it cannot tell whether a key is new, nothing is accepted. */
export function guardReplayStore(store: ReplayStore): ReplayStore {
  return {
    claim: (key, timeToLive) => guard(() => store.claim(key, timeToLive), 'replay'),
    release: async (key) => {
      if (!store.release)
        throw new TransportError('store_unavailable', 'The replay store cannot release a key.');
      await guard(() => (store.release as (key: string) => Promise<void>)(key), 'replay');
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
