import { TransportError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import { markAsMemory } from '../../internal/memory-mark.ts';

/**
 * Detects values that are used twice, for example the `jti` of a DPoP proof or of a logout token. All processes of an API
 * or application share it. A call that takes longer than 5,000 milliseconds counts as failed: the value is rejected.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 */
export interface ReplayStore {
  /**
   * Claims a key.
   *
   * @param key the purpose (`login`, `logout` or `dpop`), a space, and a hash
   * @param timeToLive milliseconds for which the claim is stored
   * @returns true for the first claim of the key, false for each later one
   * @throws TransportError `store_unavailable` if the store cannot decide: the value is then rejected
   */
  claim(key: string, timeToLive: number): Promise<boolean>;
  /**
   * Checks whether a key is claimed, without a claim.
   *
   * @throws TransportError `store_unavailable` if the store cannot decide: the value is then rejected
   */
  has(key: string): Promise<boolean>;
  /**
   * Deletes a claim, because the operation that needed it failed. Optional: without it, a login
   * whose code exchange failed cannot be completed with the same response.
   */
  release?(key: string): Promise<void>;
}

/** The purposes of keys. Each has a separate quota; all other keys share one. */
const purposes = ['login', 'logout', 'dpop'];

/**
 * Creates a replay store for one process. It never evicts a claim before its expiry, because the key could then be used
 * again: while the quota of a purpose is full, further claims for this purpose fail.
 *
 * @throws TransportError `store_unavailable` from `claim` while the quota is full
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 * @example
 * ```ts
 * import { createMemoryReplayStore } from '@countersign/core/session';
 *
 * const replays = createMemoryReplayStore({ maxEntries: 100_000 });
 * ```
 */
export function createMemoryReplayStore(
  options: {
    /** Keys for each purpose. Default: 1,000,000. */
    readonly maxEntries?: number;
    /** Milliseconds since the epoch. Default: `Date.now`. */
    readonly now?: Clock;
  } = {},
): ReplayStore {
  const { maxEntries = 1_000_000, now = Date.now } = options;
  const claimedValues = new Map<string, Map<string, number>>(
    ['', ...purposes].map((name) => [name, new Map()]),
  );
  let sweepAt = 0;

  const findQuota = (key: string) =>
    (claimedValues.get(key.slice(0, Math.max(key.indexOf(' '), 0))) ?? claimedValues.get('')) as Map<
      string,
      number
    >;

  function sweep(time: number): void {
    for (const keys of claimedValues.values()) {
      for (const [key, until] of keys) if (until <= time) keys.delete(key);
    }
    sweepAt = time + 10_000;
  }

  return markAsMemory({
    async claim(key, timeToLive) {
      const time = now();
      if (time >= sweepAt) sweep(time);
      const keys = findQuota(key);
      const expiry = keys.get(key);
      if (expiry !== undefined && expiry > time) return false;
      if (expiry === undefined && keys.size >= maxEntries) {
        throw new TransportError(
          'store_unavailable',
          `The replay store is full: it holds ${maxEntries} keys of this purpose. Raise maxEntries, or use a shared store.`,
        );
      }
      keys.set(key, time + timeToLive);
      return true;
    },
    async has(key) {
      return (findQuota(key).get(key) ?? 0) > now();
    },
    async release(key) {
      findQuota(key).delete(key);
    },
  });
}
