import { ConfigurationError, TransportError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import { createTokenBucket } from '../../internal/token-bucket.ts';

/** How often the issuer is asked about tokens that it has not called good before. */
export interface UnknownTokenLimits {
  /** Requests per second. Default: 50. */
  readonly perSecond?: number;
  /** Requests at once, after a rest. Default: 200. */
  readonly burst?: number;
  /** Requests that are under way at the same time. Default: 50. */
  readonly concurrent?: number;
}

export interface IntrospectionBudget {
  /**
   * Runs a request about a token, which is named by its hash. A token that was good before has no limit but one request at a time, so that strangers
   * cannot keep users out.
   *
   * @throws TransportError `rate_limited` when there are too many requests about unknown tokens
   */
  run<T>(hash: string, request: () => Promise<T>): Promise<T>;
  /** Notes that the issuer has called this token good. */
  addGood(hash: string): void;
  /** Notes that the token is good no longer. */
  removeGood(hash: string): void;
}

/** Good tokens that are remembered, beyond the time for which an answer is used. Only the issuer can add to them. */
const goodAtMost = 20_000;

/** @throws ConfigurationError when a limit is wrong */
export function createIntrospectionBudget(limits: UnknownTokenLimits, now: Clock): IntrospectionBudget {
  const { perSecond = 50, burst = 200, concurrent = 50 } = limits;
  for (const [name, value] of Object.entries({ perSecond, burst, concurrent })) {
    if (value >= 1 && value <= 1_000_000) continue;
    throw new ConfigurationError(
      'invalid_option',
      `introspection.unknownTokens.${name} must be between 1 and 1000000, got ${value}`,
    );
  }
  const good = new Set<string>();
  const bucket = createTokenBucket({ capacity: burst, interval: 1_000 / perSecond });
  let underWay = 0;

  /** Not 401: the token may be good, and only the issuer knows. */
  const tooMany = (wait: number) =>
    new TransportError(
      'rate_limited',
      'There are too many introspection requests about unknown access tokens. Try again later.',
      { retryAfter: Math.max(Math.ceil(wait / 1000), 1) },
    );

  return {
    async run(hash, request) {
      if (good.has(hash)) return request();
      if (underWay >= concurrent) throw tooMany(1_000);
      const wait = bucket.take(now());
      if (wait > 0) throw tooMany(wait);
      underWay++;
      try {
        return await request();
      } finally {
        underWay--;
      }
    },
    addGood(hash) {
      // The newest stand last, and the oldest go first.
      good.delete(hash);
      good.add(hash);
      const [oldest] = good;
      if (good.size > goodAtMost && oldest !== undefined) good.delete(oldest);
    },
    removeGood: (hash) => void good.delete(hash),
  };
}
