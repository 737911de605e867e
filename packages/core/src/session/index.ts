export {
  createMemoryReplayStore,
  createMemorySessionStore,
  createMemoryTombstoneStore,
  type MemoryStoreOptions,
} from './memory-session-store.ts';
export type {
  ReplayStore,
  SessionMatch,
  SessionRecord,
  SessionStore,
  TombstoneStore,
} from './session-store.ts';
