import { TransportError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import { createTokenBucket } from '../../internal/token-bucket.ts';
import { checkRange } from '../../protocol/option-checks.ts';

/** Limits of introspection requests for tokens that the issuer has not confirmed before. */
export interface UnknownTokenLimits {
  /** Requests per second, from 1 to 1,000,000. Default: 50. */
  readonly perSecond?: number;
  /** Immediate requests after an idle time, from 1 to 1,000,000. Default: 200. */
  readonly burst?: number;
  /** Concurrent requests, from 1 to 1,000,000. Default: 50. */
  readonly concurrent?: number;
}

export interface IntrospectionBudget {
  /**
   * Runs a request for the token with this hash. Confirmed tokens are not limited, so that requests with random tokens
   * cannot affect users.
   *
   * @throws TransportError `rate_limited` when a limit for unknown tokens is reached
   */
  run<T>(hash: string, request: () => Promise<T>): Promise<T>;
  /** Records that the issuer confirmed the token. */
  addConfirmed(hash: string): void;
  /** Records that the token is no longer confirmed. */
  removeConfirmed(hash: string): void;
}

/** Confirmed tokens that are stored, even after their responses expire. Only responses of the issuer add to them. */
const maxConfirmedTokens = 20_000;

/** @throws ConfigurationError when a limit is out of range */
export function createIntrospectionBudget(limits: UnknownTokenLimits, now: Clock): IntrospectionBudget {
  const { perSecond = 50, burst = 200, concurrent = 50 } = limits;
  for (const [name, value] of Object.entries({ perSecond, burst, concurrent })) {
    checkRange(`introspection.unknownTokens.${name}`, value, { min: 1, max: 1_000_000, unit: 'requests' });
  }
  const confirmedTokens = new Set<string>();
  const bucket = createTokenBucket({ capacity: burst, interval: 1_000 / perSecond });
  let runningRequests = 0;

  /** Not 401: the token may be valid, and only the issuer can decide. */
  const createLimitError = (wait: number) =>
    new TransportError(
      'rate_limited',
      'Too many introspection requests for unknown access tokens. Try again later.',
      { retryAfter: Math.max(Math.ceil(wait / 1000), 1) },
    );

  return {
    async run(hash, request) {
      if (confirmedTokens.has(hash)) return request();
      if (runningRequests >= concurrent) throw createLimitError(1_000);
      const wait = bucket.take(now());
      if (wait > 0) throw createLimitError(wait);
      runningRequests++;
      try {
        return await request();
      } finally {
        runningRequests--;
      }
    },
    addConfirmed(hash) {
      // A Set iterates in insertion order: the oldest entry is evicted first.
      confirmedTokens.delete(hash);
      confirmedTokens.add(hash);
      const [oldest] = confirmedTokens;
      if (confirmedTokens.size > maxConfirmedTokens && oldest !== undefined) confirmedTokens.delete(oldest);
    },
    removeConfirmed: (hash) => void confirmedTokens.delete(hash),
  };
}
