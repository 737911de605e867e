import type { AccessTokenErrorCode } from '../../errors.ts';

/** What a verifier has done since it was made, and how its keys are. It names no token and no user. */
export interface VerifierStatistics {
  /** How many times an access token was found good. */
  readonly accepted: number;
  /** How many of these times it was remembered, and nothing had to be verified or asked. */
  readonly cacheHits: number;
  /** `cacheHits` of `accepted`, from 0 to 1; `undefined` before the first. */
  readonly cacheHitRatio: number | undefined;
  /** How many verified tokens are remembered at the moment. */
  readonly cachedTokens: number;
  /** Refusals by their code; a code that has not occurred is not there. */
  readonly rejected: Readonly<Partial<Record<AccessTokenErrorCode, number>>>;
  /**
   * How many requests could be neither accepted nor refused: keys, introspection, replay store or what `validate` needs are
   * out of reach, or too many tokens had unknown keys or were unknown to the issuer.
   */
  readonly unavailable: number;
  /** Each configured issuer. */
  readonly issuers: readonly IssuerStatistics[];
}

/** How the keys of an issuer are. */
export interface IssuerStatistics {
  /** Its identifier. */
  readonly issuer: string;
  /** Number of keys. */
  readonly keys: number;
  /** Seconds since the keys were fetched; `undefined` before the first fetch, and for keys of the configuration. */
  readonly keysAge: number | undefined;
  /** Why the last fetch failed, a code; `undefined` when it did not. */
  readonly keysFailure: string | undefined;
  /** Whether signatures can be verified now. False before the first token, and after too long an outage. */
  readonly usable: boolean;
}

/** Plain members: some are raised for every request. */
export class VerifierCounts {
  accepted = 0;
  cacheHits = 0;
  unavailable = 0;
  readonly rejected: Partial<Record<AccessTokenErrorCode, number>> = {};

  reject(code: AccessTokenErrorCode): void {
    this.rejected[code] = (this.rejected[code] ?? 0) + 1;
  }
}
