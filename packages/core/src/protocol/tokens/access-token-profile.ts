import type { JsonObject } from '../../internal/json/json.ts';

/**
 * How an issuer writes its access tokens, where RFC 9068 leaves a choice or the issuer deviates from it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2
 * @example
 * ```ts
 * import { type AccessTokenProfile, profiles } from '@countersign/core/resource-server';
 *
 * const profile: AccessTokenProfile = {
 *   ...profiles.rfc9068,
 *   name: 'acme',
 *   roles: (claims) => claims.groups,
 *   reject: (claims) => (claims.tenant === 'acme' ? undefined : 'The token is for another tenant'),
 * };
 * ```
 */
export interface AccessTokenProfile {
  /** Name of the profile, for documentation. */
  readonly name: string;
  /** Each rule of RFC 9068 that the profile does not enforce, with the reason, for documentation. */
  readonly relaxes: readonly string[];
  /** Accepted `typ` headers in lower case, without `application/`. An empty string accepts a missing header. */
  readonly types: readonly string[];
  /**
   * Claims of ID tokens that access tokens of this issuer have too: some of `nonce`, `at_hash`, `c_hash`, `s_hash` and
   * `events`. If `types` accepts `jwt` or a missing type, a token with another one of them is rejected, because ID tokens
   * have the same type and the same signature. A built-in profile, or its `reject`, has its own rule. Default: none.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8725#section-3.12
   */
  readonly allowedIdTokenClaims?: readonly string[];
  /**
   * Required claims, in addition to `iss` and `exp`. An introspection response may omit `sub`, `client_id`, `cid`, `iat` and
   * `jti`; it must contain every other one.
   *
   * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.2
   */
  readonly required: readonly string[];
  /** Reads the audience, a string or a list. Default: `aud`. */
  readonly audience?: (claims: JsonObject) => unknown;
  /** Reads the client's identifier. Default: `client_id`. */
  readonly clientId?: (claims: JsonObject) => unknown;
  /** Reads the granted scopes, a space-separated string or a list. Default: `scope`. */
  readonly scopes?: (claims: JsonObject) => unknown;
  /** Reads the permissions, a list. Default: `permissions`. */
  readonly permissions?: (claims: JsonObject) => unknown;
  /** Reads the roles, a list. Default: `roles`. @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3.1 */
  readonly roles?: (claims: JsonObject) => unknown;
  /**
   * Reads the user's identifier, for example `(claims) => claims.username` for an issuer whose introspection responses have
   * no `sub`. The value must be unique at the issuer and never reassigned to another user. Default: `sub`.
   */
  readonly subject?: (claims: JsonObject) => unknown;
  /**
   * Returns `user` if the token represents a user. Any other value means a client. Default: `client` if `sub` equals the
   * client's identifier, `user` if it differs; if one of them is missing, `user` if a claim describes a user, such as
   * `username`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2
   * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.2
   */
  readonly kind?: (claims: JsonObject) => unknown;
  /**
   * Reads the time of the user's login, in seconds since the epoch. The result becomes the claim `auth_time`, and a value
   * that is not a number rejects the token. Default: `auth_time`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2.1
   */
  readonly authTime?: (claims: JsonObject) => unknown;
  /** Returns the reason why the token is not an access token of this issuer, or `undefined`. The client receives it. */
  readonly reject?: (claims: JsonObject) => string | undefined;
}

/** Names of the built-in profiles. */
export type AccessTokenProfileName =
  | 'rfc9068'
  | 'auth0'
  | 'keycloak'
  | 'entra'
  | 'entra-b2c'
  | 'adfs'
  | 'okta'
  | 'cognito'
  | 'hydra'
  | 'authelia'
  | 'spring';
