import type { Issuer } from '../issuers/issuer.ts';
import type { VerifierStatistics } from './statistics.ts';
import type { VerifierCaches } from './verifier-caches.ts';

/** Reads the counts of a verifier. Starts no fetch. */
export function readStatistics(
  caches: VerifierCaches,
  issuers: ReadonlyMap<string, Issuer>,
  now: number,
): VerifierStatistics {
  const { accepted, unavailable, rejected, hits } = caches.counts;
  const keySets = [...issuers.values()].map(({ issuer, keys }) => ({ issuer, ...keys.describe(now) }));
  return {
    accepted,
    rejected: { ...rejected },
    unavailable,
    cacheHitRatio: accepted === 0 ? undefined : hits.verifiedTokens / accepted,
    caches: {
      verifiedTokens: { entries: caches.verifiedTokens.size, hits: hits.verifiedTokens },
      rejectedTokens: { entries: caches.rejectedTokenCount, hits: hits.rejectedTokens },
      introspectionResults: { entries: caches.introspectionResults.size, hits: hits.introspectionResults },
      keySets: { entries: keySets.reduce((count, { keys }) => count + keys, 0), hits: hits.keySets },
    },
    issuers: keySets,
  };
}
