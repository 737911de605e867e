/** The parameters of a login that satisfies a provider which requires an interaction with the user. */
export interface RequiredAuthorization {
  /** @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest */
  readonly prompt?: string;
  /** @see https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter */
  readonly claims?: object;
  /** The resource server for which the provider rejected the token. */
  readonly resource?: string;
}

/**
 * What the rejection of a refresh means:
 *
 * - `login_ended`: the provider has ended the login. The refresh token is invalid.
 * - `interaction_required`: the user must do something at the provider. `authorization` contains the parameters of the login.
 * - `client_rejected`: the credentials or the registration of the client are wrong. It says nothing about the login.
 * - `request_rejected`: the provider does not issue tokens for the requested resource or scope. The login is not affected.
 * - `unavailable`: the provider is temporarily unavailable.
 * - `rejected`: the provider gives no reason that is known. A new login may help.
 */
export interface RefreshRejection {
  readonly kind:
    | 'login_ended'
    | 'interaction_required'
    | 'client_rejected'
    | 'request_rejected'
    | 'unavailable'
    | 'rejected';
  /** Only for `interaction_required`. */
  readonly authorization?: RequiredAuthorization;
}
