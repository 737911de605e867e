import type { Clock } from '../../internal/clock.ts';

/** Milliseconds of the first pause after a rejected refresh, and of the longest one. Each pause doubles. */
const firstPause = 10_000;
const longestPause = 60_000;
/** Milliseconds after a pause during which another rejection doubles it. */
const doublingPeriod = 60_000;
/** Pauses in memory. A session whose entry is evicted sends one more request. */
const maxEntries = 10_000;

/** The last rejections of refreshes. During a pause, callers receive the same error without another request. */
export interface RejectedRefreshes {
  /** Returns the error of the last rejection during its pause. */
  find(key: string): Error | undefined;
  /**
   * Starts a pause after a rejection.
   *
   * @param continuedKey a key whose pause this one continues, with the same length. Default: none.
   */
  add(key: string, error: Error, continuedKey?: string): void;
  /** Ends the pause after a success. */
  delete(key: string): void;
}

/** A rejection and its pause. */
export interface RejectedRefresh {
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Milliseconds. */
  readonly length: number;
  readonly error: Error;
}

/** @param entries in the order of their creation. Default: of this function alone. */
export function createRejectedRefreshes(
  getTime: Clock,
  entries = new Map<string, RejectedRefresh>(),
): RejectedRefreshes {
  return {
    find(key) {
      const { until = 0, length = 0, error } = entries.get(key) ?? {};
      const remaining = until - getTime();
      // A clock that was set back does not prolong the pause.
      return remaining > 0 && remaining <= length ? error : undefined;
    },
    add(key, error, continuedKey) {
      const now = getTime();
      const previous = entries.get(key);
      const continuedPause = continuedKey === undefined ? undefined : entries.get(continuedKey);
      const isRepeated = previous !== undefined && now < previous.until + doublingPeriod;
      const length =
        continuedPause?.length ?? (isRepeated ? Math.min(previous.length * 2, longestPause) : firstPause);
      entries.delete(key);
      for (const [oldKey, { until }] of entries) {
        if (until + doublingPeriod > now && entries.size < maxEntries) break;
        entries.delete(oldKey);
      }
      entries.set(key, { until: now + length, length, error });
    },
    delete: (key) => void entries.delete(key),
  };
}
