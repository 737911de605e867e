import { TransportError } from '../errors.ts';
import type { Clock } from '../internal/clock.ts';

/** Remembers what may be used only once. Shared by every process that serves the same API. */
export interface ReplayStore {
  /**
   * Uses a key, which is short and says nothing about anybody.
   *
   * @param expiresAt milliseconds since the epoch from which on the key may be forgotten
   * @returns false when it was used before; of concurrent calls, one gets true
   * @throws TransportError `store_unavailable`: then the request is not let through
   */
  consume(key: string, expiresAt: number): Promise<boolean>;
}

/**
 * A store for one process. It forgets nothing before its time: when it is full, further requests are turned away
 * for the moment, since a forgotten key could be used again.
 */
export function createMemoryReplayStore(
  options: { /** Default: 1,000,000. */ readonly maxEntries?: number; readonly now?: Clock } = {},
): ReplayStore {
  const { maxEntries = 1_000_000, now = Date.now } = options;
  const used = new Map<string, number>();
  let sweepAt = 0;

  function sweep(time: number): void {
    for (const [key, expiresAt] of used) if (expiresAt <= time) used.delete(key);
    sweepAt = time + 10_000;
  }

  return {
    async consume(key, expiresAt) {
      const time = now();
      if (time >= sweepAt) sweep(time);
      const known = used.get(key);
      if (known !== undefined && known > time) return false;
      if (used.size >= maxEntries) {
        throw new TransportError('store_unavailable', 'The replay store is full.');
      }
      used.set(key, expiresAt);
      return true;
    },
  };
}
