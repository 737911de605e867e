import { type Clock, seconds } from '../../../internal/clock.ts';
import {
  createMemorySessions,
  createShareable,
  findCurrentSessions,
  type MemorySessions,
} from './memory-sessions.ts';
import type { SessionMatch, SessionRecord, SessionStore } from './session-store.ts';

/** Limits and clock of a store in memory. */
export interface MemoryStoreOptions {
  /**
   * Maximum count of entries. Beyond it, the oldest session is deleted. Records of logouts are counted separately, with the
   * same limit. Default: 100,000.
   */
  readonly maxEntries?: number;
  /** Maximum count of entries per user, so that one user cannot evict the sessions of others. Default: 1,000. */
  readonly maxEntriesPerUser?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock;
}

/** Minimum seconds between two sweeps for expired entries while the store is full. */
const sweepInterval = 10;

/**
 * Creates a session store in the memory of this process, for development, tests and applications of one process.
 * Sessions end with the process, and when they are evicted because the store is full.
 *
 * A framework may load the module that creates the store several times. All stores of one application in a process
 * contain the same sessions, from the first request that uses them.
 *
 * @example
 * ```ts
 * import { createMemorySessionStore, createWebAuth } from '@countersign/core/session';
 *
 * const { sessions } = createWebAuth({ store: createMemorySessionStore({ maxEntries: 10_000 }) }, null);
 * ```
 */
export function createMemorySessionStore(options: MemoryStoreOptions = {}): SessionStore {
  const { maxEntries = 100_000, maxEntriesPerUser = 1_000, now = Date.now } = options;
  let sessions = createMemorySessions();
  const findSessions = () => {
    sessions = findCurrentSessions(sessions);
    return sessions;
  };

  function remove(key: string): void {
    const { records, index, markers } = sessions;
    markers.delete(key);
    const record = records.get(key);
    if (!record) return;
    records.delete(key);
    for (const name of getIndexNames(record)) {
      const keys = index.get(name);
      keys?.delete(key);
      if (keys?.size === 0) index.delete(name);
    }
  }

  function put(key: string, record: SessionRecord): void {
    const { records, index } = sessions;
    remove(key);
    if (isLogoutRecord(key, record)) {
      putMarker(key, record);
      return;
    }
    records.set(key, record);
    for (const name of getIndexNames(record)) index.set(name, (index.get(name) ?? new Set()).add(key));
    const keysOfUser = index.get(getUserName(record)) ?? new Set();
    if (record.sub !== '' && keysOfUser.size > maxEntriesPerUser) remove(findFirst(keysOfUser));
    if (records.size > maxEntries) sweep();
    if (records.size > maxEntries) remove(findFirst(records));
  }

  /** The login that a record concerns completes or fails within seconds, so the oldest record is not needed. */
  function putMarker(key: string, record: SessionRecord): void {
    const { markers } = sessions;
    markers.set(key, record);
    if (markers.size > maxEntries) sweep();
    if (markers.size > maxEntries) markers.delete(findFirst(markers));
  }

  function sweep(): void {
    const { records, markers, tombstones } = sessions;
    const time = seconds(now);
    if (time < sessions.sweepAt) return;
    sessions.sweepAt = time + sweepInterval;
    for (const entries of [records, markers])
      for (const [key, { expiresAt }] of entries) if (expiresAt <= time) remove(key);
    for (const [key, until] of tombstones) if (until <= time) tombstones.delete(key);
  }

  function findLive(key: string): SessionRecord | undefined {
    const record = sessions.records.get(key) ?? sessions.markers.get(key);
    if (!record || record.expiresAt > seconds(now)) return record;
    remove(key);
    return undefined;
  }

  function addTombstone(key: string): boolean {
    const { tombstones } = sessions;
    const record = findLive(key);
    if (!record) return false;
    remove(key);
    tombstones.set(key, record.expiresAt);
    // An evicted tombstone cannot restore its session: a write names the version that it replaces, and none is stored.
    if (tombstones.size > maxEntries) tombstones.delete(findFirst(tombstones));
    return true;
  }

  /** Uses the sessions of the application, and adds those of this store to them. */
  function share(sharedSessions: MemorySessions | undefined): MemorySessions {
    const previous = findSessions();
    sessions = findCurrentSessions(sharedSessions ?? previous);
    if (sessions === previous) return sessions;
    for (const [key, until] of previous.tombstones) sessions.tombstones.set(key, until);
    for (const [key, record] of [...previous.records, ...previous.markers]) put(key, record);
    previous.mergedInto = sessions;
    return sessions;
  }

  return {
    ...createShareable(share),
    async get(key) {
      findSessions();
      return findLive(key);
    },
    async set(key, record, expectedVersion) {
      if ((findSessions().tombstones.get(key) ?? 0) > seconds(now)) return false;
      if ((findLive(key)?.version ?? 0) !== expectedVersion) return false;
      put(key, record);
      return true;
    },
    async delete(key) {
      findSessions();
      addTombstone(key);
    },
    async deleteWhere(match) {
      const keys = [...(findSessions().index.get(getIndexNames(match)[0] as string) ?? [])];
      return keys.filter((key) => {
        const record = findLive(key);
        return record && isMatch(record, match) && addTombstone(key);
      }).length;
    },
  };
}

const findFirst = (entries: ReadonlyMap<string, unknown> | ReadonlySet<string>): string =>
  entries.keys().next().value ?? '';

const isLogoutRecord = (key: string, { issuer, sub }: SessionRecord) => issuer === key && sub === '';

const getUserName = ({ issuer, sub }: { readonly issuer: string; readonly sub: string }) =>
  JSON.stringify(['sub', issuer, sub]);

function getIndexNames({ issuer, sub, sid }: { issuer: string; sub?: string; sid?: string }): string[] {
  // `sid` first: it selects fewer sessions than `sub`.
  const names: string[] = [];
  if (sid !== undefined) names.push(JSON.stringify(['sid', issuer, sid]));
  if (sub !== undefined) names.push(getUserName({ issuer, sub }));
  return names;
}

function isMatch(record: SessionRecord, match: SessionMatch): boolean {
  return (
    record.issuer === match.issuer &&
    (match.sub === undefined || record.sub === match.sub) &&
    (match.sid === undefined || record.sid === match.sid) &&
    (match.clientId === undefined || record.clientId === undefined || record.clientId === match.clientId)
  );
}
