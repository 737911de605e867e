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
   * @param key short; its purpose (`login`, `logout` or `dpop`), a space, and a hash
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

/** What keys are claimed for. Each purpose has a quota of its own; all other keys share one. */
const purposes = ['login', 'logout', 'dpop'];

/**
 * A store for one process. It forgets nothing before its time: when the quota of a purpose is full, further claims for
 * this purpose fail, because a forgotten key could be used again. Other purposes go on.
 *
 * @throws TransportError `store_unavailable` from `claim` while the quota is full
 */
export function createMemoryReplayStore(
  options: {
    /** Keys at most, for each purpose. Default: 1,000,000. */
    readonly maxEntries?: number;
    readonly now?: Clock;
  } = {},
): ReplayStore {
  const { maxEntries = 1_000_000, now = Date.now } = options;
  const claimed = new Map<string, Map<string, number>>(['', ...purposes].map((name) => [name, new Map()]));
  let sweepAt = 0;

  const findQuota = (key: string) =>
    (claimed.get(key.slice(0, Math.max(key.indexOf(' '), 0))) ?? claimed.get('')) as Map<string, number>;

  function sweep(time: number): void {
    for (const keys of claimed.values()) {
      for (const [key, until] of keys) if (until <= time) keys.delete(key);
    }
    sweepAt = time + 10_000;
  }

  return {
    async claim(key, timeToLive) {
      const time = now();
      if (time >= sweepAt) sweep(time);
      const keys = findQuota(key);
      const known = keys.get(key);
      if (known !== undefined && known > time) return false;
      if (known === undefined && keys.size >= maxEntries) {
        throw new TransportError('store_unavailable', 'The replay store is full.');
      }
      keys.set(key, time + timeToLive);
      return true;
    },
    async release(key) {
      findQuota(key).delete(key);
    },
  };
}
