import { TransportError } from '../errors.ts';
import type { TokenSuccessors } from './refresh/token-successors.ts';

/** Seconds of the first and of the longest pause when a 429 response has no `Retry-After`. Each pause doubles. */
const firstPause = 1;
const longestPause = 60;
/** Seconds of the longest pause with `Retry-After` after a 5xx response. Only a limit of the rate can need a longer one. */
const longestOutage = 300;
/** Milliseconds after a pause during which another one without `Retry-After` doubles it. */
const doublingPeriod = 60_000;
/** Pauses in memory. A session whose entry is evicted sends one more request. */
const maxEntries = 10_000;

/** Milliseconds of a clock that changes of the time of day do not affect. */
const readMonotonicClock = () => performance.now();

export interface Pause {
  readonly until: number;
  /** Seconds. */
  readonly length: number;
  /** The status of the response. Default: unknown. */
  readonly status?: number | undefined;
}

/**
 * Stores the pauses that the provider requests for each session (RFC 6585 section 4, RFC 9110 section 10.2.3). During a
 * pause, the waiting requests of a session do not repeat the refresh.
 *
 * A pause never applies to other sessions: an attacker could provoke rate limits with a few accounts and block all
 * users. If the provider limits the entire client, each session learns it with one request.
 */
export interface RateLimit {
  /** @throws TransportError during a pause: `server_error` after a 5xx response, otherwise `rate_limited` */
  check(key: string, refreshToken: string): Promise<void>;
  /**
   * Starts a pause after a 429 response, or after another failure with `Retry-After`.
   *
   * @param failure `retryAfter` in seconds, at least one. `undefined`: the pause grows from one second to a minute.
   */
  pause(
    key: string,
    refreshToken: string,
    failure: Partial<Pick<TransportError, 'retryAfter' | 'status'>>,
  ): Promise<void>;
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
      const pause = pauses.get(key);
      const localRemaining = (pause?.until ?? 0) - readMonotonicClock();
      const { remaining, status } =
        pause && localRemaining > 0
          ? { remaining: localRemaining, status: pause.status }
          : ((await successors?.findPause(refreshToken)) ?? { remaining: 0 });
      if (!(remaining > 0)) return;
      const retryAfter = Math.ceil(remaining / 1000);
      const isOutage = status !== undefined && status >= 500;
      throw new TransportError(
        isOutage ? 'server_error' : 'rate_limited',
        `${isOutage ? `The provider responded to the last refresh with status ${status}` : 'The provider limits the rate of refreshes'}. Try again in ${retryAfter} seconds.`,
        { retryAfter, status },
      );
    },
    async pause(key, refreshToken, { retryAfter, status }) {
      const now = readMonotonicClock();
      const previous = pauses.get(key);
      const isRepeated = previous !== undefined && now < previous.until + doublingPeriod;
      const defaultLength = isRepeated
        ? Math.min(Math.max(previous.length, firstPause) * 2, longestPause)
        : firstPause;
      const limit = status === undefined || status >= 500 ? longestOutage : Number.POSITIVE_INFINITY;
      const length =
        retryAfter === undefined ? defaultLength : Math.min(Math.max(retryAfter, firstPause), limit);
      // The provider's delay is used exactly, but a delay of 0 would be no pause. Default pauses vary, so that sessions do not
      // retry at the same moment.
      const milliseconds = length * 1000 * (retryAfter === undefined ? 1 + Math.random() / 10 : 1);
      pauses.delete(key);
      evictOldPauses(now);
      pauses.set(key, { until: now + milliseconds, length, status });
      await successors?.savePause(refreshToken, { length: milliseconds, status });
    },
  };
}
