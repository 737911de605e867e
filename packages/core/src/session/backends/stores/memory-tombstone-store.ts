import { TransportError } from '../../../errors.ts';
import { markAsMemory } from '../../../internal/memory-mark.ts';
import type { MemoryStoreOptions } from './memory-session-store.ts';
import type { TombstoneStore } from './tombstone-store.ts';

interface Tombstone {
  /** Seconds since the epoch. */
  readonly endedAt: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly coveredBy: string | undefined;
}

/** Minimum milliseconds between two sweeps for expired tombstones while the store is full. */
const sweepInterval = 10_000;

/**
 * Creates a tombstone store in the memory of this process. A logged-out session never becomes valid again. Beyond the
 * limits, a session that was not logged out may end early:
 *
 * - If a user has too many tombstones, the older half is replaced by one logout of all earlier sessions of this user.
 * - If the store is full, the oldest tombstone is replaced by a logout of every session that began before it.
 *
 * Logouts of sessions whose user is unknown are counted separately, with the same limit. Beyond it, none is added, and the
 * logout fails.
 *
 * @throws TransportError `store_unavailable` from the returned store, if a logout cannot be added
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCActions
 * @example
 * ```ts
 * import { createMemoryTombstoneStore, createWebAuth } from '@countersign/core/session';
 *
 * const { sessions } = createWebAuth({ tombstones: createMemoryTombstoneStore() }, null);
 * ```
 */
export function createMemoryTombstoneStore(options: MemoryStoreOptions = {}): TombstoneStore {
  const { maxEntries = 100_000, maxEntriesPerUser = 1_000, now = Date.now } = options;
  const tombstones = new Map<string, Tombstone>();
  /** Keys by their `coveredBy` key, the oldest first. */
  const coveredKeys = new Map<string, Set<string>>();
  /** Covers every tombstone that was evicted. */
  let latestEvicted: Pick<Tombstone, 'endedAt' | 'until'> = { endedAt: 0, until: 0 };
  let sweepAt = 0;
  /** Logouts of sessions that may not exist yet. They cover no other session, so none of them is evicted. */
  const pending = new Map<string, Omit<Tombstone, 'coveredBy'>>();
  let sweepPendingAt = 0;

  function put(key: string, { endedAt, until, coveredBy }: Tombstone): void {
    const previous = remove(key);
    tombstones.set(key, {
      endedAt: Math.max(endedAt, previous?.endedAt ?? 0),
      until: Math.max(until, previous?.until ?? 0),
      coveredBy,
    });
    if (coveredBy !== undefined)
      coveredKeys.set(coveredBy, (coveredKeys.get(coveredBy) ?? new Set()).add(key));
  }

  function remove(key: string): Tombstone | undefined {
    const tombstone = tombstones.get(key);
    tombstones.delete(key);
    const group = tombstone?.coveredBy;
    const keys = group === undefined ? undefined : coveredKeys.get(group);
    keys?.delete(key);
    if (group !== undefined && keys?.size === 0) coveredKeys.delete(group);
    return tombstone;
  }

  function coverOldest(coveredBy: string): void {
    const keys = coveredKeys.get(coveredBy);
    if (!keys || keys.size <= maxEntriesPerUser) return;
    for (const key of [...keys].slice(0, Math.ceil(keys.size / 2))) {
      const tombstone = remove(key);
      if (tombstone) put(coveredBy, { ...tombstone, coveredBy: undefined });
    }
  }

  function makeRoom(): void {
    const time = now();
    if (time >= sweepAt) {
      sweepAt = time + sweepInterval;
      for (const [key, { until }] of tombstones) if (until <= time) remove(key);
    }
    for (const [key, { endedAt, until }] of tombstones) {
      if (tombstones.size <= maxEntries) return;
      remove(key);
      latestEvicted = {
        endedAt: Math.max(latestEvicted.endedAt, endedAt),
        until: Math.max(latestEvicted.until, until),
      };
    }
  }

  /** @throws TransportError `store_unavailable` if there is no room */
  function putPending(key: string, { endedAt, until }: Omit<Tombstone, 'coveredBy'>): void {
    // A logout with the cookie of the session has ended it.
    if ((tombstones.get(key)?.until ?? 0) > now()) return;
    const previous = pending.get(key);
    if (!previous) requireRoom();
    pending.set(key, {
      endedAt: Math.max(endedAt, previous?.endedAt ?? 0),
      until: Math.max(until, previous?.until ?? 0),
    });
  }

  function requireRoom(): void {
    if (pending.size < maxEntries) return;
    const time = now();
    if (time >= sweepPendingAt) {
      sweepPendingAt = time + sweepInterval;
      for (const [key, { until }] of pending) if (until <= time) pending.delete(key);
    }
    if (pending.size < maxEntries) return;
    throw new TransportError(
      'store_unavailable',
      `The memory of this process contains ${maxEntries} logouts of sessions whose user is unknown, and cannot add another one. Log out again when the login is completed.`,
    );
  }

  return markAsMemory({
    async set(key, endedAt, timeToLive, { coveredBy, isPending } = {}) {
      const until = now() + timeToLive;
      if (isPending) {
        putPending(key, { endedAt, until });
        return;
      }
      pending.delete(key);
      put(key, { endedAt, until, coveredBy });
      if (coveredBy !== undefined) coverOldest(coveredBy);
      if (tombstones.size > maxEntries) makeRoom();
    },
    async latest(keys) {
      const time = now();
      // Hot path: a loop without allocations.
      let latest = keys.length > 0 && latestEvicted.until > time ? latestEvicted.endedAt : undefined;
      for (const key of keys) {
        const tombstone = tombstones.get(key);
        if (tombstone && tombstone.until > time) latest = Math.max(tombstone.endedAt, latest ?? 0);
        const end = pending.size > 0 ? pending.get(key) : undefined;
        if (end && end.until > time) latest = Math.max(end.endedAt, latest ?? 0);
      }
      return latest;
    },
  });
}
