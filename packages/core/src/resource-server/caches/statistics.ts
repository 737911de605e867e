import type { AccessTokenErrorCode } from '../../errors.ts';

/** Counts since the verifier was created, and the state of its keys. Contains no token and no user. */
export interface VerifierStatistics {
  /** Tokens accepted, cached ones included. */
  readonly accepted: number;
  /** Requests rejected, by error code. A code that has not occurred is absent. */
  readonly rejected: Readonly<Partial<Record<AccessTokenErrorCode, number>>>;
  /**
   * Requests that were neither accepted nor rejected, because keys, introspection, the replay store or a service behind
   * `validate` was unavailable, or because a limit for unknown tokens was reached.
   */
  readonly unavailable: number;
  /** Hits of `caches.verifiedTokens` divided by `accepted`, from 0 to 1; `undefined` before the first accepted token. */
  readonly cacheHitRatio: number | undefined;
  /** Each cache of the verifier. */
  readonly caches: VerifierCacheStatistics;
  /** The keys of each configured issuer. */
  readonly issuers: readonly IssuerStatistics[];
}

/** The caches of a verifier. */
export interface VerifierCacheStatistics {
  /** Accepted tokens. A hit needs no signature check and no introspection request. Limited by `cache`. */
  readonly verifiedTokens: CacheStatistics;
  /** Introspected tokens that were rejected. A hit needs no introspection request. At most 1,000 per issuer. */
  readonly rejectedTokens: CacheStatistics;
  /** Introspected tokens that `validate` rejected. A hit repeats `validate` only. At most 1,000. */
  readonly introspectionResults: CacheStatistics;
  /** Public keys of the issuers. A hit verifies a signature without a fetch. */
  readonly keySets: CacheStatistics;
}

/** One cache. */
export interface CacheStatistics {
  /** Entries stored now. An expired entry counts until it is evicted. */
  readonly entries: number;
  /** Lookups that found a valid entry. */
  readonly hits: number;
}

/** The keys of one issuer. */
export interface IssuerStatistics {
  /** Issuer identifier. */
  readonly issuer: string;
  /** Count of keys. */
  readonly keys: number;
  /** Seconds since the keys were fetched; `undefined` before the first fetch and for configured keys. */
  readonly keysAge: number | undefined;
  /** Error code of the last fetch; `undefined` if it succeeded. */
  readonly keysFailure: string | undefined;
  /** Whether signatures can be verified now. False before the first fetch and after `keysMaxStale`. */
  readonly usable: boolean;
}

/** Counters of one verifier. Plain members, since some are incremented for each request. */
export class VerifierCounts {
  accepted = 0;
  unavailable = 0;
  readonly hits = { verifiedTokens: 0, rejectedTokens: 0, introspectionResults: 0, keySets: 0 };
  readonly rejected: Partial<Record<AccessTokenErrorCode, number>> = {};

  reject(code: AccessTokenErrorCode): void {
    this.rejected[code] = (this.rejected[code] ?? 0) + 1;
  }
}
