import { type Clock, seconds } from '../internal/clock.ts';
import type { SessionMatch, SessionRecord, SessionStore, TombstoneStore } from './session-store.ts';

/** Limits and clock of a store in memory. */
export interface MemoryStoreOptions {
  /** Entries at most; the oldest go first. Default: 100,000. */
  readonly maxEntries?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock;
}

interface Entry {
  /** Absent: a tombstone. */
  readonly record?: SessionRecord;
  /** Seconds since the epoch. */
  readonly until: number;
}

/**
 * A session store within this process: for development, tests, and applications of one process.
 * Its sessions end with the process.
 */
export function createMemorySessionStore(options: MemoryStoreOptions = {}): SessionStore {
  const now = options.now ?? Date.now;
  const entries = createBoundedMap<Entry>(options.maxEntries ?? 100_000);
  /** Keys by `issuer` and `sub`, and by `issuer` and `sid`. */
  const index = new Map<string, Set<string>>();

  const forget = (key: string, { record }: Entry) => {
    for (const name of record ? indexNames(record) : []) {
      const keys = index.get(name);
      keys?.delete(key);
      if (keys?.size === 0) index.delete(name);
    }
  };
  const put = (key: string, entry: Entry) => {
    const before = entries.get(key);
    if (before) forget(key, before);
    for (const [dropped, old] of entries.set(key, entry)) forget(dropped, old);
    for (const name of entry.record ? indexNames(entry.record) : []) {
      const keys = index.get(name) ?? new Set();
      index.set(name, keys.add(key));
    }
  };
  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (!entry || entry.until > seconds(now)) return entry;
    entries.delete(key);
    forget(key, entry);
    return undefined;
  };
  const bury = (key: string): boolean => {
    const entry = live(key);
    if (!entry?.record) return false;
    put(key, { until: entry.until });
    return true;
  };

  return {
    async get(key) {
      return live(key)?.record;
    },
    async set(key, record, expectedVersion) {
      const entry = live(key);
      if (entry && !entry.record) return false;
      if ((entry?.record?.version ?? 0) !== expectedVersion) return false;
      put(key, { record, until: record.expiresAt });
      return true;
    },
    async delete(key) {
      bury(key);
    },
    async deleteWhere(match) {
      const keys = [...(index.get(indexNames(match)[0] as string) ?? [])];
      return keys.filter((key) => {
        const record = live(key)?.record;
        return record && matches(record, match) && bury(key);
      }).length;
    },
  };
}

/** Tombstones within this process. */
export function createMemoryTombstoneStore(options: MemoryStoreOptions = {}): TombstoneStore {
  const now = options.now ?? Date.now;
  const entries = createBoundedMap<{ readonly endedAt: number; readonly until: number }>(
    options.maxEntries ?? 100_000,
  );
  return {
    async set(key, endedAt, timeToLive) {
      const before = entries.get(key);
      const until = Math.max(now() + timeToLive, before?.until ?? 0);
      entries.set(key, { endedAt: Math.max(endedAt, before?.endedAt ?? 0), until });
    },
    async latest(keys) {
      let latest: number | undefined;
      for (const key of keys) {
        const entry = entries.get(key);
        if (entry && entry.until > now()) latest = Math.max(entry.endedAt, latest ?? 0);
      }
      return latest;
    },
  };
}

function indexNames({ issuer, sub, sid }: { issuer: string; sub?: string; sid?: string }): string[] {
  // The session at the provider first: it is the narrower of the two.
  const names: string[] = [];
  if (sid !== undefined) names.push(JSON.stringify(['sid', issuer, sid]));
  if (sub !== undefined) names.push(JSON.stringify(['sub', issuer, sub]));
  return names;
}

function matches(record: SessionRecord, match: SessionMatch): boolean {
  return (
    record.issuer === match.issuer &&
    (match.sub === undefined || record.sub === match.sub) &&
    (match.sid === undefined || record.sid === match.sid)
  );
}

/** A map that drops its oldest entries. */
function createBoundedMap<T>(maxEntries: number) {
  const map = new Map<string, T>();
  return {
    get: (key: string) => map.get(key),
    delete: (key: string) => map.delete(key),
    /** Returns what was dropped to make room. */
    set(key: string, value: T): [string, T][] {
      map.delete(key);
      map.set(key, value);
      const dropped: [string, T][] = [];
      for (const entry of map) {
        if (map.size <= maxEntries) break;
        map.delete(entry[0]);
        dropped.push(entry);
      }
      return dropped;
    },
  };
}
