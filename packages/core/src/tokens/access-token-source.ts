import type { Successor } from './stores/successor-store.ts';
import type { TokenHolder } from './token-holder.ts';
import type { AccessToken, AccessTokenRequest, TokenSet } from './token-set.ts';

/** Options of {@link AccessTokenSource.getAccessToken}. */
export interface GetAccessTokenRequest extends AccessTokenRequest {
  /**
   * Refreshes although the token is still valid, for example because its claims have changed. A newer token that another
   * request has received in the meantime is returned without a further refresh. Default: false.
   */
  readonly forceRefresh?: boolean | undefined;
  /**
   * The value of an access token that a resource server rejected. It is replaced once: the replacement is returned
   * for five minutes, even if the resource server rejects it too.
   */
  readonly rejectedToken?: string | undefined;
}

/** An access token, and the token set that contains it. */
export interface GetAccessTokenResult {
  readonly accessToken: AccessToken;
  readonly tokens: TokenSet;
  /** True if `tokens` are newer than those that the holder read. */
  readonly changed: boolean;
  /** The session with these tokens, as another request stored it, for example the session cookie. */
  readonly sealedSession?: string;
}

/** Returns access tokens, and sends each refresh token once. */
export interface AccessTokenSource {
  /**
   * Returns a valid access token, and refreshes it if necessary.
   *
   * @throws LoginRequiredError `not_signed_in`, `session_ended` or `refresh_token_missing`: the user must log in
   * @throws TransportError if the provider is temporarily unavailable and no valid token is left. The session remains.
   */
  getAccessToken(holder: TokenHolder, request?: GetAccessTokenRequest): Promise<GetAccessTokenResult>;
}

/** The newest known tokens, and those that the holder has. */
export type NewestTokens = Successor & { readonly heldTokens: TokenSet };
