import { callStore } from '../../../tokens/stores/store-call.ts';
import type { SessionStore } from './session-store.ts';
import type { TombstoneStore } from './tombstone-store.ts';

/** Limits the time of each call of a session store. */
export const limitSessionStore = (store: SessionStore): SessionStore => ({
  get: (key) => callStore(() => store.get(key)),
  set: (key, record, expectedVersion) => callStore(() => store.set(key, record, expectedVersion)),
  delete: (key) => callStore(() => store.delete(key)),
  deleteWhere: (match) => callStore(() => store.deleteWhere(match)),
});

/** Limits the time of each call of a tombstone store. */
export const limitTombstoneStore = (store: TombstoneStore): TombstoneStore => ({
  set: (key, endedAt, timeToLive, options) => callStore(() => store.set(key, endedAt, timeToLive, options)),
  latest: (keys) => callStore(() => store.latest(keys)),
});
