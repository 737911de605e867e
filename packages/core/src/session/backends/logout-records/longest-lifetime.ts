import { type Clock, seconds } from '../../../internal/clock.ts';
import type { TombstoneStore } from '../stores/tombstone-store.ts';
import { createTombstoneKey } from './tombstone-keys.ts';

/** The longest lifetime of sessions that may still exist, including sessions that an earlier deployment has started. */
export interface LongestLifetime {
  /** Records that a session with the current lifetime starts. It never throws. */
  record(): Promise<void>;
  /** Returns seconds. */
  read(): Promise<number>;
}

/** Seconds. A full store in memory returns the time of a logout for each key. Such a value is larger than any lifetime. */
const firstTime = 1_000_000_000;

/**
 * A logout of all sessions of a user is recorded without the expiry of these sessions. If a deployment shortens the lifetime and a
 * later one extends it again, the tombstone must not have expired before a session of the first deployment. The lifetime
 * is stored like the time of a tombstone: the largest value counts.
 */
export function createLongestLifetime(options: {
  readonly tombstones: TombstoneStore;
  /** Provider and client of the sessions. */
  readonly owner: string;
  /** Seconds. */
  readonly absoluteLifetime: number;
  readonly now: Clock;
}): LongestLifetime {
  const { tombstones, owner, absoluteLifetime, now } = options;
  let recordedAt: number | undefined;

  return {
    async record() {
      const time = seconds(now);
      if (recordedAt !== undefined && Math.abs(time - recordedAt) < absoluteLifetime / 4) return;
      try {
        // Twice the lifetime: until the next record, and then until the session expires.
        const timeToLive = absoluteLifetime * 2_000;
        await tombstones.set(await createTombstoneKey('lifetime', owner), absoluteLifetime, timeToLive);
        recordedAt = time;
      } catch {
        // The next login records it.
      }
    },
    async read() {
      const latestRecord = await tombstones.latest([await createTombstoneKey('lifetime', owner)]);
      const isLifetime = latestRecord !== undefined && latestRecord < firstTime;
      return isLifetime ? Math.max(absoluteLifetime, latestRecord) : absoluteLifetime;
    },
  };
}
