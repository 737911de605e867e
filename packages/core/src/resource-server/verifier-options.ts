import { ConfigurationError } from '../errors.ts';
import type { EventListener } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import type { Fetch } from '../internal/http.ts';
import type { TrustedIssuer } from './issuers/issuer.ts';
import type { ProtectedResource } from './protected-resource-metadata.ts';
import type { MtlsOptions } from './sender-constraint/client-certificate.ts';
import type { DpopOptions } from './sender-constraint/dpop-proof.ts';

/** Options that hold for every issuer. */
export interface VerifierOptions {
  /** Seconds that clocks may differ. Default: 30; at most 300. */
  readonly clockTolerance?: number;
  /** Accept tokens that are bound to the client's key by DPoP. @see RFC 9449 */
  readonly dpop?: DpopOptions;
  /**
   * Accept tokens that are bound to the client's certificate: `true` where TLS ends at this API, or the header in
   * which a proxy hands the certificate on. @see RFC 8705 section 3
   */
  readonly mtls?: boolean | MtlsOptions;
  /** Refuse tokens that are not bound: by DPoP, by certificate, or by any of both. Default: bearer tokens are accepted. */
  readonly requireBinding?: 'dpop' | 'mtls' | 'any';
  /** What this API says about itself; then every challenge names where. @see RFC 9728 */
  readonly protectedResource?: ProtectedResource;
  /** URL of this API's own metadata where it is not the well-known one. @see RFC 9728 section 5.1 */
  readonly resourceMetadata?: string;
  /** The `realm` of every challenge. Default: none. */
  readonly realm?: string;
  /**
   * How many verified tokens are remembered at most, and how many characters they may have; at least half as many are.
   * Default: 20,000 and 32 million.
   */
  readonly cache?: { readonly maxEntries?: number; readonly maxCharacters?: number };
  /** Characters that an access token may have. Default: 16,384. */
  readonly maxTokenLength?: number;
  /** Seconds after which keys are renewed in the background. Default: 600. */
  readonly keysMaxAge?: number;
  /** Seconds for which old keys serve while they cannot be renewed. Default: 86,400. */
  readonly keysMaxStale?: number;
  /**
   * Seconds between two fetches of keys that tokens with unknown keys may cause, after five at once. A token that would
   * need a further fetch gets 503. Default: 10.
   */
  readonly keysCoolDown?: number;
  /** Milliseconds for one exchange with an issuer. Default: 10,000. */
  readonly timeout?: number;
  /** Default: the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock;
  /** Hears what the verifier does, one event at a time; no event carries a token. Default: none. */
  readonly onEvent?: EventListener;
  /** Allows plain http: only for a provider on your own machine. */
  readonly allowInsecureIssuer?: boolean;
}

/** One issuer, or several under `issuers`. */
export type AccessTokenVerifierOptions = VerifierOptions &
  (
    | (TrustedIssuer & { readonly issuers?: never })
    | { readonly issuers: readonly TrustedIssuer[]; readonly issuer?: never }
  );

/** @throws ConfigurationError when the value is outside its limits */
export function within(value: number, low: number, high: number, name: string): number {
  if (Number.isFinite(value) && value >= low && value <= high) return value;
  throw new ConfigurationError('invalid_option', `${name} must be between ${low} and ${high}, got ${value}`);
}
