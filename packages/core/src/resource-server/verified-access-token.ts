/**
 * Claims of an access token, wire names. Add your own by module augmentation of `@countersign/core/resource-server`.
 *
 * @see RFC 9068 section 2.2
 */
export interface AccessTokenClaims {
  /** One of the configured issuers. */
  readonly iss: string;
  /** The user, or the client where there is none. */
  readonly sub: string;
  /** For which APIs the token is; one of them is this one, unless the profile compares another claim. */
  readonly aud?: string | readonly string[];
  /** Seconds since the epoch. A JWT always has it; an issuer that is asked about a token may not say it. */
  readonly exp?: number;
  /** Seconds since the epoch. */
  readonly iat?: number;
  /** The token's own name. */
  readonly jti?: string;
  /** The client that the token was given to. */
  readonly client_id?: string;
  /** Names with spaces between them. @see RFC 9068 section 2.2.3 */
  readonly scope?: string;
  /** Seconds since the epoch. @see RFC 9068 section 2.2.1 */
  readonly auth_time?: number;
  /** How strong the user's login was. @see RFC 9068 section 2.2.1 */
  readonly acr?: string;
  /** Whatever else the issuer says. */
  readonly [claim: string]: unknown;
}

/** What a verified access token says. Frozen, shared by every request with this token; it does not hold the token. */
export interface VerifiedAccessToken {
  /** One of the configured issuers. */
  readonly issuer: string;
  /**
   * Whether the token stands for a user, or for a client that acts for itself (client credentials). Check it wherever
   * `sub` names a user: some issuers let a client choose its identifier, and a client could choose a user's `sub` (RFC 9068
   * section 5). `client` also stands for a token that is not known to be a user's; the issuer's profile has the rule.
   *
   * @see RFC 9068 sections 2.2 and 5, RFC 7662 section 2.2
   */
  readonly kind: 'user' | 'client';
  /** Identity is `issuer`, `kind` and `sub` together. For `kind: 'client'` it is the client. */
  readonly sub: string;
  /** The client that the token was given to; `undefined` where the issuer's profile does not need one. */
  readonly clientId: string | undefined;
  /** What the client may do; empty when the token does not say. @see RFC 9068 section 2.2.3 */
  readonly scopes: readonly string[];
  /** What the user may do, where the issuer's profile knows; else empty. */
  readonly permissions: readonly string[];
  /** What the user is, where the issuer's profile knows; else empty. @see RFC 9068 section 2.2.3.1 */
  readonly roles: readonly string[];
  /**
   * Seconds since the epoch. `undefined` when the issuer was asked about the token and did not say when it ends; then
   * the issuer is asked again at intervals of `introspection.maxAge`.
   */
  readonly expiresAt: number | undefined;
  /** Thumbprint of the key that the client must prove to hold. @see RFC 9449 section 6.1 */
  readonly dpopThumbprint: string | undefined;
  /** Thumbprint of the certificate that the client must present. @see RFC 8705 section 3.1 */
  readonly certificateThumbprint: string | undefined;
  /** Everything that the token says, in its own words. */
  readonly claims: AccessTokenClaims;
}
