/** Claims of a validated ID token. `iss` and `sub` together identify the user. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Seconds since the epoch. */
  readonly exp: number;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Seconds since the epoch of the last active authentication of the user. */
  readonly auth_time?: number;
  readonly acr?: string;
  readonly sid?: string;
  readonly [claim: string]: unknown;
}

/**
 * A validated response of the token endpoint.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export interface TokenResponse {
  readonly accessToken: string;
  /** `DPoP` if the token is bound to the key of the option `dpop`. */
  readonly tokenType: 'Bearer' | 'DPoP';
  /** Seconds since the epoch. Absent if the response has no `expires_in`, or 0. */
  readonly expiresAt?: number;
  /** The granted scopes. The requested scopes if the response has no `scope`. */
  readonly scopes: readonly string[];
  readonly refreshToken?: string;
  readonly idToken?: string;
  /** The claims of `idToken`. */
  readonly claims?: IdTokenClaims;
  /** @see https://www.rfc-editor.org/rfc/rfc9396#section-7 */
  readonly authorizationDetails?: readonly object[];
}
