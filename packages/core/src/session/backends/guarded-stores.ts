import { AuthError, TransportError } from '../../errors.ts';
import type { ReplayStore } from '../../tokens/replay-store.ts';
import { nameForeignError } from '../routes/failures.ts';
import type { SessionBackend } from './session-backend.ts';

/**
 * The same backend, whose failures are typed: a store that throws is unavailable, which is neither "signed out" nor
 * "signed in". The store's own error is not kept as `cause`: its text may hold what was stored.
 */
export function guardBackend(backend: SessionBackend): SessionBackend {
  return {
    kind: backend.kind,
    load: (cookies) => guard(() => backend.load(cookies)),
    reload: (loaded) => guard(() => backend.reload(loaded)),
    create: (state, cookies, askedAt) => guard(() => backend.create(state, cookies, askedAt)),
    async write(loaded, change) {
      let thrown: { readonly error: unknown } | undefined;
      const observed: typeof change = (state) => {
        try {
          return change(state);
        } catch (error) {
          thrown = { error };
          throw error;
        }
      };
      return guard(() => backend.write(loaded, observed)).catch((error: unknown) => {
        // What the application's own change has thrown is the application's to handle.
        throw thrown ? thrown.error : error;
      });
    },
    adopt: (loaded, tokens, sealedSession) => guard(() => backend.adopt(loaded, tokens, sealedSession)),
    cookies: (sealedSession, existing) => backend.cookies(sealedSession, existing),
    end: (loaded) => guard(() => backend.end(loaded)),
    endWhere: (match, endedAt) => guard(() => backend.endWhere(match, endedAt)),
    forget: (existing) => backend.forget(existing),
  };
}

/** The same replay store, with typed failures: where it cannot be known whether a key is new, nothing is accepted. */
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
