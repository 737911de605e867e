import { TransportError } from '../errors.ts';
import type { Clock } from '../internal/clock.ts';

/**
 * Sees a key once: for what must not be used twice, such as the `jti` of a DPoP proof or of a logout token.
 * Shared by every process of one API or application.
 */
export interface ReplayStore {
  /**
   * Claims a key for a time.
   *
   * @param key short; says nothing about anybody
   * @param timeToLive milliseconds for which the key is remembered
   * @returns true for the first who claims the key, false for everybody after
   * @throws TransportError `store_unavailable` when that cannot be known: then nobody is let through
   */
  claim(key: string, timeToLive: number): Promise<boolean>;
  /**
   * Makes a key new again, because what it was claimed for could not be done. A store without this method works too:
   * then only the process that claimed the key knows that it may be used again.
   */
  release?(key: string): Promise<void>;
}

/**
 * A store for one process. It forgets nothing before its time: when it is full, further claims fail for the moment,
 * since a forgotten key could be used again.
 *
 * @throws TransportError `store_unavailable` from `claim` while it is full
 */
export function createMemoryReplayStore(
  options: { /** Default: 1,000,000. */ readonly maxEntries?: number; readonly now?: Clock } = {},
): ReplayStore {
  const { maxEntries = 1_000_000, now = Date.now } = options;
  const claimed = new Map<string, number>();
  let sweepAt = 0;

  function sweep(time: number): void {
    for (const [key, until] of claimed) if (until <= time) claimed.delete(key);
    sweepAt = time + 10_000;
  }

  return {
    async claim(key, timeToLive) {
      const time = now();
      if (time >= sweepAt) sweep(time);
      const known = claimed.get(key);
      if (known !== undefined && known > time) return false;
      if (claimed.size >= maxEntries) {
        throw new TransportError('store_unavailable', 'The replay store is full.');
      }
      claimed.set(key, time + timeToLive);
      return true;
    },
    async release(key) {
      claimed.delete(key);
    },
  };
}
