import { TransportError } from '../errors.ts';
import type { Successions } from './successions.ts';

/** Seconds of the first pause when the provider does not say how long, doubled each time, and the longest of them. */
const firstPause = 1;
const longestPause = 60;
/** Milliseconds after the end of a pause during which another 429 counts as the next one. */
const memory = 60_000;
/** Pauses that are remembered. Without its entry a session asks the provider once more. */
const maxEntries = 10_000;

/** Milliseconds that no change of the time of day moves. */
const monotonic = () => performance.now();

interface Pause {
  readonly until: number;
  /** Seconds. */
  readonly length: number;
}

/**
 * Keeps the pauses that the provider asks for, for each session alone, so that those who wait for one session do not ask
 * one after the other (RFC 6585 section 4).
 *
 * No pause holds for other sessions, however many sessions are limited: the owner of a few accounts can provoke limits for
 * them, and would stop everybody else. Where the provider limits the whole client, each session learns it by one request
 * of its own.
 */
export interface RateLimit {
  /** @throws TransportError `rate_limited` while the provider wants this session to wait */
  check(key: string, refreshToken: string): Promise<void>;
  /** The provider answered 429. `retryAfter` is in seconds; without one, pauses grow from one second to a minute. */
  pause(key: string, refreshToken: string, retryAfter: number | undefined): Promise<void>;
}

export function createRateLimit(successions: Successions | undefined): RateLimit {
  /** By the hash of the refresh token, the oldest first. */
  const pauses = new Map<string, Pause>();

  function removeOld(now: number): void {
    for (const [key, { until }] of pauses) {
      if (until + memory > now && pauses.size < maxEntries) return;
      pauses.delete(key);
    }
  }

  return {
    async check(key, refreshToken) {
      const here = (pauses.get(key)?.until ?? 0) - monotonic();
      const left = here > 0 ? here : ((await successions?.pauseOf(refreshToken)) ?? 0);
      if (!(left > 0)) return;
      throw new TransportError('rate_limited', 'The provider limits the rate of refreshes', {
        retryAfter: Math.ceil(left / 1000),
        status: 429,
      });
    },
    async pause(key, refreshToken, retryAfter) {
      const now = monotonic();
      const previous = pauses.get(key);
      const isNext = previous !== undefined && now < previous.until + memory;
      const grown = isNext ? Math.min(Math.max(previous.length, firstPause) * 2, longestPause) : firstPause;
      const length = retryAfter ?? grown;
      // What the provider says is kept exactly; pauses of our own differ, so that sessions do not return all at once.
      const milliseconds = length * 1000 * (retryAfter === undefined ? 1 + Math.random() / 10 : 1);
      pauses.delete(key);
      removeOld(now);
      pauses.set(key, { until: now + milliseconds, length });
      await successions?.pause(refreshToken, milliseconds);
    },
  };
}
