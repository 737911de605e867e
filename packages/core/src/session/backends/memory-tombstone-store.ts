import type { MemoryStoreOptions } from './memory-session-store.ts';
import type { TombstoneStore } from './session-store.ts';

interface Tombstone {
  /** Seconds since the epoch. */
  readonly endedAt: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly coveredBy: string | undefined;
}

/** Milliseconds between two searches for tombstones that are over, while the store is full. */
const sweepPause = 10_000;

/**
 * Tombstones within this process. None is forgotten before its time without another end that covers it:
 *
 * - Of a user with too many tombstones, the older half becomes one end of all sessions of this user that began before.
 * - When the store is full, the oldest tombstone becomes an end of every session that began before it.
 *
 * So a logged-out session never becomes valid again; a session that nobody logged out may end early.
 */
export function createMemoryTombstoneStore(options: MemoryStoreOptions = {}): TombstoneStore {
  const { maxEntries = 100_000, maxEntriesPerUser = 1_000, now = Date.now } = options;
  const tombstones = new Map<string, Tombstone>();
  /** Keys by the key that covers them, the oldest first. */
  const covered = new Map<string, Set<string>>();
  /** Covers everything that was removed. */
  let floor: Pick<Tombstone, 'endedAt' | 'until'> = { endedAt: 0, until: 0 };
  let sweepAt = 0;

  function put(key: string, { endedAt, until, coveredBy }: Tombstone): void {
    const previous = remove(key);
    tombstones.set(key, {
      endedAt: Math.max(endedAt, previous?.endedAt ?? 0),
      until: Math.max(until, previous?.until ?? 0),
      coveredBy,
    });
    if (coveredBy !== undefined) covered.set(coveredBy, (covered.get(coveredBy) ?? new Set()).add(key));
  }

  function remove(key: string): Tombstone | undefined {
    const tombstone = tombstones.get(key);
    tombstones.delete(key);
    const group = tombstone?.coveredBy;
    const keys = group === undefined ? undefined : covered.get(group);
    keys?.delete(key);
    if (group !== undefined && keys?.size === 0) covered.delete(group);
    return tombstone;
  }

  function coverOldest(coveredBy: string): void {
    const keys = covered.get(coveredBy);
    if (!keys || keys.size <= maxEntriesPerUser) return;
    for (const key of [...keys].slice(0, Math.ceil(keys.size / 2))) {
      const tombstone = remove(key);
      if (tombstone) put(coveredBy, { ...tombstone, coveredBy: undefined });
    }
  }

  function makeRoom(): void {
    const time = now();
    if (time >= sweepAt) {
      sweepAt = time + sweepPause;
      for (const [key, { until }] of tombstones) if (until <= time) remove(key);
    }
    for (const [key, { endedAt, until }] of tombstones) {
      if (tombstones.size <= maxEntries) return;
      remove(key);
      floor = { endedAt: Math.max(floor.endedAt, endedAt), until: Math.max(floor.until, until) };
    }
  }

  return {
    async set(key, endedAt, timeToLive, { coveredBy } = {}) {
      put(key, { endedAt, until: now() + timeToLive, coveredBy });
      if (coveredBy !== undefined) coverOldest(coveredBy);
      if (tombstones.size > maxEntries) makeRoom();
    },
    async latest(keys) {
      const time = now();
      // A loop without arrays: each request comes here.
      let latest = keys.length > 0 && floor.until > time ? floor.endedAt : undefined;
      for (const key of keys) {
        const tombstone = tombstones.get(key);
        if (tombstone && tombstone.until > time) latest = Math.max(tombstone.endedAt, latest ?? 0);
      }
      return latest;
    },
  };
}
