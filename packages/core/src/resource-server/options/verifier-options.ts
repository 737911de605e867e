import type { EventListener } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';
import type { Fetch } from '../../internal/fetch/bounded-fetch.ts';
import type { TrustedIssuer } from '../issuers/issuer.ts';
import type { ProtectedResource } from '../protected-resource-metadata.ts';
import type { MtlsOptions } from '../sender-constraint/client-certificate.ts';
import type { DpopOptions } from '../sender-constraint/dpop-proof.ts';

/** Options that apply to every issuer. */
export interface VerifierOptions {
  /** Tolerated clock difference in seconds, from 0 to 300. Default: 30. */
  readonly clockTolerance?: number | undefined;
  /** Accepts tokens that are bound to a client's key by DPoP. Default: such tokens are rejected. @see https://www.rfc-editor.org/rfc/rfc9449 */
  readonly dpop?: DpopOptions | undefined;
  /**
   * Accepts tokens that are bound to a client certificate: `true` if this server terminates TLS, or the header in which a
   * proxy forwards the certificate. Default: such tokens are rejected.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8705#section-3
   */
  readonly mtls?: boolean | MtlsOptions | undefined;
  /** Rejects tokens that are not bound: by DPoP, by certificate, or by one of the two. Default: bearer tokens are accepted. */
  readonly requireBinding?: 'dpop' | 'mtls' | 'any' | undefined;
  /**
   * Describes this resource server. Each challenge then contains the URL of the description. Default: no description.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9728
   */
  readonly protectedResource?: ProtectedResource | undefined;
  /** URL of the resource server's metadata. Default: the well-known URL of `protectedResource`. @see https://www.rfc-editor.org/rfc/rfc9728#section-5.1 */
  readonly resourceMetadata?: string | undefined;
  /** The `realm` of each challenge. Default: none. */
  readonly realm?: string | undefined;
  /**
   * Limits of the cache of verified tokens: entries and characters. At least half of each limit is retained. 0 disables
   * the cache. Default: 20,000 entries and 32 million characters.
   */
  readonly cache?: { readonly maxEntries?: number; readonly maxCharacters?: number } | undefined;
  /** Maximum length of an access token in characters, from 256 to 1,048,576. Default: 16,384. */
  readonly maxTokenLength?: number | undefined;
  /** Seconds after which keys are fetched again in the background, from 1 to 86,400. Default: 600. */
  readonly keysMaxAge?: number | undefined;
  /** Seconds for which keys are used while they cannot be fetched, from 1 to 2,592,000. Default: 86,400. */
  readonly keysMaxStale?: number | undefined;
  /**
   * Seconds between two key fetches that tokens with unknown keys cause, after five immediate ones. From 1 to 3,600. A
   * token that would need a further fetch leads to 503. Default: 10.
   */
  readonly keysCoolDown?: number | undefined;
  /** Milliseconds per request to an issuer. Default: 10,000. */
  readonly timeout?: number | undefined;
  /** Sends requests to issuers. Default: the platform's `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Returns the time in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: Clock | undefined;
  /** Called for each event. No event contains a token. Default: failures are written to the console, at a limited rate. */
  readonly onEvent?: EventListener | undefined;
  /** Accepts `http:` issuers. Only for a provider on the developer's machine. Default: false. */
  readonly allowInsecureIssuer?: boolean | undefined;
}

/** Options of a verifier with one issuer, or with several in `issuers`. */
export type AccessTokenVerifierOptions = VerifierOptions &
  (
    | (TrustedIssuer & { readonly issuers?: never })
    | { readonly issuers: readonly TrustedIssuer[]; readonly issuer?: never }
  );
