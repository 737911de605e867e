import type { Clock } from '../../internal/clock.ts';
import { createTextCache, type TextCache } from '../../internal/text-cache.ts';
import type { VerifiedAccessToken } from '../claims/verified-access-token.ts';
import { createRejectedTokenCache, type RejectedTokenCache } from './rejected-tokens.ts';
import type { VerifierCounts } from './statistics.ts';
import { createVerifiedTokenCache, type VerifiedTokenCache } from './verified-tokens.ts';

/** An introspection response for a token that the application's `validate` rejected. */
export interface CachedIntrospection {
  /** The access token. */
  readonly text: string;
  readonly issuer: string;
  readonly verifiedToken: VerifiedAccessToken;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Every cache of one verifier, with its counts. Key sets store their keys and report to the same counts. */
export interface VerifierCaches {
  readonly counts: VerifierCounts;
  readonly verifiedTokens: VerifiedTokenCache;
  readonly introspectionResults: TextCache<CachedIntrospection>;
  /** Creates the cache of one issuer. Tokens of one issuer never evict those of another. */
  createRejectedTokens(): RejectedTokenCache;
  /** Rejected tokens of all issuers. */
  readonly rejectedTokenCount: number;
}

export function createVerifierCaches(
  limits: { readonly maxEntries: number; readonly maxCharacters: number },
  { now, counts }: { readonly now: Clock; readonly counts: VerifierCounts },
): VerifierCaches {
  const rejectedTokens: RejectedTokenCache[] = [];
  return {
    counts,
    verifiedTokens: createVerifiedTokenCache(limits, now),
    introspectionResults: createTextCache({ maxEntries: 1_000, maxCharacters: 4_000_000 }),
    createRejectedTokens() {
      const cache = createRejectedTokenCache(now);
      rejectedTokens.push(cache);
      return cache;
    },
    get rejectedTokenCount() {
      return rejectedTokens.reduce((count, { size }) => count + size, 0);
    },
  };
}
