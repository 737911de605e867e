import type { SessionRecord } from './session-store.ts';

/** The contents of a session store in memory. Several store objects may share them. */
export interface MemorySessions {
  readonly records: Map<string, SessionRecord>;
  /** Records of logouts, the oldest first. They displace no session. */
  readonly markers: Map<string, SessionRecord>;
  /** Expiry of each deleted session, in seconds since the epoch. An evicted session needs no tombstone: it has no record. */
  readonly tombstones: Map<string, number>;
  /** Keys of records by `issuer` and `sub`, and by `issuer` and `sid`; the latest write is last. */
  readonly index: Map<string, Set<string>>;
  sweepAt: number;
  /** The contents that replace these. */
  mergedInto?: MemorySessions;
}

export const createMemorySessions = (): MemorySessions => ({
  records: new Map(),
  markers: new Map(),
  tombstones: new Map(),
  index: new Map(),
  sweepAt: 0,
});

/** The method of a session store in memory that gives its contents to the other copies of the application. */
const shareKey = Symbol.for('countersign.memorySessionStore');

/** A session store in memory. */
export interface ShareableStore {
  [shareKey](sharedSessions: MemorySessions | undefined): MemorySessions;
}

export const createShareable = (
  share: (sharedSessions: MemorySessions | undefined) => MemorySessions,
): ShareableStore => ({ [shareKey]: share });

/** Checks whether a store was created by `createMemorySessionStore()`, in any copy of this module. */
export const isMemorySessionStore = (store: object | undefined): store is ShareableStore =>
  store !== undefined && shareKey in store;

/**
 * Makes a store in memory use the sessions of the application. A store that the application did not know is added to
 * them.
 *
 * @param sharedSessions the sessions of the application, if another copy has created a store
 * @returns the sessions of the application; `sharedSessions` for any other store
 */
export function shareMemorySessions(
  store: object | undefined,
  sharedSessions: MemorySessions | undefined,
): MemorySessions | undefined {
  return isMemorySessionStore(store) ? store[shareKey](sharedSessions) : sharedSessions;
}

/** Follows the contents to those that have replaced them. */
export function findCurrentSessions(sessions: MemorySessions): MemorySessions {
  let current = sessions;
  while (current.mergedInto) current = current.mergedInto;
  return current;
}
