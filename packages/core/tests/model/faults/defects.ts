import type { SessionRecord } from '../../../src/session/backends/stores/session-store.ts';
import type { Stores } from '../simulation/stores.ts';

/** Stores that break one guarantee of their port. The model must find each of them. */
export const defects: Readonly<Record<string, (stores: Stores) => Stores>> = {
  /** Two callers hold the lock. */
  lock: (stores) => ({ ...stores, lock: { ...stores.lock, acquire: async () => true } }),
  /** A write replaces any version. */
  'compare-and-swap': (stores) => ({
    ...stores,
    session: {
      ...stores.session,
      async set(key, record, expectedVersion) {
        const current = await stores.session.get(key);
        return stores.session.set(key, record, current?.version ?? expectedVersion);
      },
    },
  }),
  /** A deleted session can be written again. */
  'session tombstone'(stores) {
    const restored = new Map<string, SessionRecord>();
    return {
      ...stores,
      session: {
        ...stores.session,
        get: async (key) => (await stores.session.get(key)) ?? restored.get(key),
        async set(key, record, expectedVersion) {
          if (await stores.session.set(key, record, expectedVersion)) return true;
          if (await stores.session.get(key)) return false;
          restored.set(key, record);
          return true;
        },
      },
    };
  },
  tombstones: (stores) => ({
    ...stores,
    tombstones: { ...stores.tombstones, latest: async () => undefined },
  }),
  successors: (stores) => ({ ...stores, successors: { ...stores.successors, get: async () => undefined } }),
  replay: (stores) => ({ ...stores, replay: { ...stores.replay, claim: async () => true } }),
};
