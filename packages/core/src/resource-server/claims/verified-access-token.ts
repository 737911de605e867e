/**
 * Claims of an access token, by their wire names. Extend it by module augmentation of `@countersign/core/resource-server`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2
 * @example
 * ```ts
 * declare module '@countersign/core/resource-server' {
 *   interface AccessTokenClaims {
 *     readonly tenant?: string;
 *   }
 * }
 * ```
 */
export interface AccessTokenClaims {
  /** One of the configured issuers. */
  readonly iss: string;
  /** The user, or the client if there is no user. */
  readonly sub: string;
  /** The resource servers that the token is for. Contains this one, unless the profile compares another claim. */
  readonly aud?: string | readonly string[];
  /** Expiry, in seconds since the epoch. Always present in a JWT; optional in an introspection response. */
  readonly exp?: number;
  /** Time of issue, in seconds since the epoch. */
  readonly iat?: number;
  /** Unique identifier of the token. */
  readonly jti?: string;
  /** The client that the token was issued to. */
  readonly client_id?: string;
  /** Granted scopes, separated by spaces. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3 */
  readonly scope?: string;
  /** Time of the user's login, in seconds since the epoch. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2.1 */
  readonly auth_time?: number;
  /** Authentication context of the user's login. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2.1 */
  readonly acr?: string;
  /** Any other claim. */
  readonly [claim: string]: unknown;
}

/** The content of a verified access token. Frozen, since all requests with the token share it. Does not contain the token. */
export interface VerifiedAccessToken {
  /** One of the configured issuers. */
  readonly issuer: string;
  /**
   * Whether the token represents a user, or a client that acts for itself (client credentials). Check it before `sub` is
   * used as a user's identifier: some issuers let a client choose its identifier, and a client could choose a user's
   * `sub`. A token that the profile cannot attribute to a user is of kind `client`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-5
   * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.2
   */
  readonly kind: 'user' | 'client';
  /** Identifies the subject together with `issuer` and `kind`. The client's identifier for `kind: 'client'`. */
  readonly sub: string;
  /** The client that the token was issued to; `undefined` if absent and not required by the issuer's profile. */
  readonly clientId: string | undefined;
  /** Granted scopes; empty if the token contains none. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3 */
  readonly scopes: readonly string[];
  /** Permissions of the user; empty if the issuer's profile reads none. */
  readonly permissions: readonly string[];
  /** Roles of the user; empty if the issuer's profile reads none. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3.1 */
  readonly roles: readonly string[];
  /**
   * Expiry, in seconds since the epoch. `undefined` for an introspected token without `exp`: it is introspected again
   * after `introspection.maxAge`.
   */
  readonly expiresAt: number | undefined;
  /** Thumbprint of the key that a DPoP proof must use. @see https://www.rfc-editor.org/rfc/rfc9449#section-6.1 */
  readonly dpopThumbprint: string | undefined;
  /** Thumbprint of the certificate that the client must present. @see https://www.rfc-editor.org/rfc/rfc8705#section-3.1 */
  readonly certificateThumbprint: string | undefined;
  /** All claims, by their wire names. */
  readonly claims: AccessTokenClaims;
}
