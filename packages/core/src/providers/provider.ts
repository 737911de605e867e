import type { EndSessionRequest } from '../client/logout/end-session-request.ts';
import type { IdTokenClaims } from '../client/wire/token-response.ts';
import type { TokenErrorResponse } from '../protocol/tokens/refresh-rejection.ts';

/** Behaviour of a provider outside the standards. Set by presets such as `auth0()`. */
export interface ProviderBehaviour {
  /**
   * Reads the seconds to wait from headers that the provider defines. Called if the response has no `Retry-After`.
   * `now` is in milliseconds since the epoch.
   */
  readonly retryAfter?: (headers: Headers, now: number) => number | undefined;
  /** Creates the logout URL. Called if the metadata has no `end_session_endpoint`. */
  readonly endSessionUrl?: (clientId: string, request: EndSessionRequest) => URL;
  /** Returns the name of an ID token claim that is invalid for this client. Returns `undefined` if all are valid. */
  readonly wrongClaim?: (claims: IdTokenClaims) => string | undefined;
  /**
   * Recognizes responses to a refresh that report an invalid refresh token with another error than `invalid_grant`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
   */
  readonly isLoginEnded?: (response: TokenErrorResponse) => boolean;
}
