import { TransportError } from '../errors.ts';
import type { TokenSuccessors } from './refresh/token-successors.ts';

/** Seconds of the first and of the longest pause when a 429 response has no `Retry-After`. Each pause doubles. */
const firstPause = 1;
const longestPause = 60;
/** Milliseconds after a pause during which another 429 response doubles it. */
const doublingPeriod = 60_000;
/** Pauses in memory. A session whose entry is evicted sends one more request. */
const maxEntries = 10_000;

/** Milliseconds of a clock that changes of the time of day do not affect. */
const readMonotonicClock = () => performance.now();

export interface Pause {
  readonly until: number;
  /** Seconds. */
  readonly length: number;
}

/**
 * Stores the pauses that the provider requests for each session (RFC 6585 section 4). During a pause, the waiting requests
 * of a session do not repeat the refresh.
 *
 * A pause never applies to other sessions: an attacker could provoke rate limits with a few accounts and block all
 * users. If the provider limits the entire client, each session learns it with one request.
 */
export interface RateLimit {
  /** @throws TransportError `rate_limited` during a pause */
  check(key: string, refreshToken: string): Promise<void>;
  /**
   * Starts a pause after a 429 response.
   *
   * @param retryAfter seconds. `undefined`: the pause grows from one second to a minute.
   */
  pause(key: string, refreshToken: string, retryAfter: number | undefined): Promise<void>;
}

/** @param pauses by the key of the refresh token, in the order of their creation */
export function createRateLimit(
  successors: TokenSuccessors | undefined,
  pauses = new Map<string, Pause>(),
): RateLimit {
  function evictOldPauses(now: number): void {
    for (const [key, { until }] of pauses) {
      if (until + doublingPeriod > now && pauses.size < maxEntries) return;
      pauses.delete(key);
    }
  }

  return {
    async check(key, refreshToken) {
      const localPause = (pauses.get(key)?.until ?? 0) - readMonotonicClock();
      const remaining = localPause > 0 ? localPause : ((await successors?.findPause(refreshToken)) ?? 0);
      if (!(remaining > 0)) return;
      const retryAfter = Math.ceil(remaining / 1000);
      throw new TransportError(
        'rate_limited',
        `The provider limits the rate of refreshes. Try again in ${retryAfter} seconds.`,
        { retryAfter, status: 429 },
      );
    },
    async pause(key, refreshToken, retryAfter) {
      const now = readMonotonicClock();
      const previous = pauses.get(key);
      const isRepeated = previous !== undefined && now < previous.until + doublingPeriod;
      const defaultLength = isRepeated
        ? Math.min(Math.max(previous.length, firstPause) * 2, longestPause)
        : firstPause;
      const length = retryAfter ?? defaultLength;
      // The provider's delay is used exactly. Default pauses vary, so that sessions do not retry at the same moment.
      const milliseconds = length * 1000 * (retryAfter === undefined ? 1 + Math.random() / 10 : 1);
      pauses.delete(key);
      evictOldPauses(now);
      pauses.set(key, { until: now + milliseconds, length });
      await successors?.savePause(refreshToken, milliseconds);
    },
  };
}
