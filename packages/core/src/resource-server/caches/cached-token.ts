import type { AuthenticatedRequest } from '../authenticated-request.ts';
import type { KeyLife, KeySet } from '../issuers/key-set.ts';
import type { VerifiedAccessToken } from '../verified-access-token.ts';

/** What is remembered of a verified access token. */
export interface CachedToken {
  /** The token. */
  readonly text: string;
  readonly verified: VerifiedAccessToken;
  /** Settled with the same: callers share it, so that a hit costs no allocation. */
  readonly result: Promise<VerifiedAccessToken>;
  /** Milliseconds since the epoch from which on the entry is dead. */
  readonly deadAt: number;
  /** The key that verified it: when the key goes, the entry goes. */
  readonly key: KeyLife;
  readonly keys: KeySet | undefined;
  /** What a request with this token and nothing else is: shared by all of them. `undefined` where that does not do. */
  readonly request: AuthenticatedRequest | undefined;
  readonly issuer: string;
}
