import { TransportError } from '../errors.ts';
import type { Successions } from './successions.ts';

/** Different refresh tokens that must be limited before the whole client is taken to be. */
const tokensForClient = 3;
/** Milliseconds that the whole client rests at most: an answer to one user must not stop all others for a day. */
const maxClientPause = 60_000;
const maxEntries = 10_000;

/** Milliseconds that no change of the time of day moves. */
const monotonic = () => performance.now();

/**
 * Keeps the pauses that the provider asks for, so that those who wait do not ask one after the other (RFC 6585 section 4).
 * Providers limit by token or by client: one limited token rests alone, with the third the client rests.
 */
export interface RateLimit {
  /** @throws TransportError `rate_limited` while the provider wants to be left alone */
  check(key: string, refreshToken: string): Promise<void>;
  /** The provider answered 429. `retryAfter` is in seconds; without one it is 1. */
  pause(key: string, refreshToken: string, retryAfter: number | undefined): Promise<void>;
}

export function createRateLimit(successions: Successions | undefined): RateLimit {
  /** Until when, by the hash of the refresh token. */
  const paused = new Map<string, number>();
  let clientUntil = 0;

  return {
    async check(key, refreshToken) {
      const here = Math.max(paused.get(key) ?? 0, clientUntil) - monotonic();
      const left = here > 0 ? here : ((await successions?.pauseOf(refreshToken)) ?? 0);
      if (!(left > 0)) return;
      throw new TransportError('rate_limited', 'The provider limits the rate of refreshes', {
        retryAfter: Math.ceil(left / 1000),
        status: 429,
      });
    },
    async pause(key, refreshToken, retryAfter = 1) {
      const length = retryAfter * 1000;
      const now = monotonic();
      for (const [old, until] of paused) if (until <= now || paused.size >= maxEntries) paused.delete(old);
      paused.set(key, now + length);
      if (paused.size >= tokensForClient) clientUntil = now + Math.min(length, maxClientPause);
      await successions?.pause(refreshToken, length);
    },
  };
}
