import {
  AuthError,
  AuthorizationServerError,
  LoginRequiredError,
  TransportError,
  ValidationError,
  type ValidationErrorCode,
} from '../../errors.ts';
import { isAccessDenied } from '../../protocol/error-code.ts';
import type { PageName } from './page-messages.ts';

/** Status and page of an error response. */
interface ErrorStatus {
  readonly status: number;
  readonly page: PageName;
}

/**
 * Errors of a denied login beside those of {@link isAccessDenied}: the user can act. `unauthorized` is the code of Auth0, for
 * example for an address that is not confirmed.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthError
 */
const denials = new Set([
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'login_required',
  'unauthorized',
  'unmet_authentication_requirements',
]);

/** The provider reports in its redirect that it cannot serve the login now (RFC 6749 section 4.1.2.1). */
const providerFailures = new Set(['server_error', 'temporarily_unavailable']);

/** The request is invalid. Any client can send it. */
const invalidRequest: ErrorStatus = { status: 400, page: 'loginRejected' };
/** A response that this server has received from the provider is invalid (RFC 9110 section 15.6.3). */
const invalidResponse: ErrorStatus = { status: 502, page: 'loginRejected' };

/** What each kind of invalid data means: the request is invalid, or a response of the provider to this server. */
const validationStatuses: Readonly<Record<ValidationErrorCode, ErrorStatus>> = {
  request_invalid: invalidRequest,
  transaction_invalid: { status: 400, page: 'loginExpired' },
  session_cookie_missing: { status: 400, page: 'cookieMissing' },
  // The browser delivers it.
  authorization_response_invalid: invalidRequest,
  logout_token_invalid: invalidRequest,
  metadata_invalid: invalidResponse,
  keys_invalid: invalidResponse,
  response_malformed: invalidResponse,
  token_response_invalid: invalidResponse,
  id_token_invalid: invalidResponse,
  access_token_invalid: invalidResponse,
  userinfo_invalid: invalidResponse,
  introspection_invalid: invalidResponse,
};

/**
 * Finds status and page by who must act: the user, later the user again, the provider, or the developer.
 *
 * @param route where the request failed
 */
export function findErrorStatus(error: unknown, route: string): ErrorStatus {
  if (error instanceof TransportError) {
    return { status: 503, page: error.code === 'store_unavailable' ? 'storeUnavailable' : 'unavailable' };
  }
  if (error instanceof ValidationError) {
    // The code of another login, which any client can send, leads to an ID token that does not belong to this login.
    if (route === 'callback' && error.code === 'id_token_invalid') return invalidRequest;
    return validationStatuses[error.code] ?? invalidRequest;
  }
  if (error instanceof LoginRequiredError) return { status: 401, page: 'loginEnded' };
  if (error instanceof AuthorizationServerError) {
    if (isAccessDenied(error.error) || denials.has(error.error)) return { status: 403, page: 'denied' };
    const isUnavailable = error.code === 'authorization_error' && providerFailures.has(error.error);
    return isUnavailable ? { status: 503, page: 'unavailable' } : { status: 502, page: 'providerRejected' };
  }
  return { status: 500, page: error instanceof AuthError ? 'notConfigured' : 'unexpected' };
}
