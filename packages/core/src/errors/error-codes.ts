/** Codes of {@link ConfigurationError}. */
export type ConfigurationErrorCode =
  | 'invalid_option'
  | 'missing_option'
  | 'insecure_issuer'
  | 'unsupported_by_provider'
  | 'unsupported_by_browser'
  | 'wrong_context'
  | 'cookies_too_large'
  | 'duplicate_package'
  | 'missing_package'
  | 'too_many_applications'
  | 'unguarded_handler'
  | 'shared_cache';

/** Codes of {@link AuthorizationServerError}. */
export type AuthorizationServerErrorCode =
  | 'authorization_error'
  | 'token_error'
  | 'client_rejected'
  | 'endpoint_error';

/** Codes of {@link ValidationError}. */
export type ValidationErrorCode =
  | 'metadata_invalid'
  | 'keys_invalid'
  | 'response_malformed'
  | 'authorization_response_invalid'
  | 'transaction_invalid'
  | 'session_cookie_missing'
  | 'token_response_invalid'
  | 'id_token_invalid'
  | 'access_token_invalid'
  | 'userinfo_invalid'
  | 'logout_token_invalid'
  | 'introspection_invalid'
  | 'request_invalid';

/** Codes of {@link TransportError}. */
export type TransportErrorCode =
  | 'network_error'
  | 'timeout'
  | 'rate_limited'
  | 'server_error'
  | 'lock_timeout'
  | 'store_unavailable';

/** Codes of {@link LoginRequiredError}. */
export type LoginRequiredErrorCode =
  | 'not_signed_in'
  | 'session_ended'
  | 'refresh_token_missing'
  | 'refresh_rejected'
  | 'interaction_required'
  | 'step_up_required'
  | 'popup_blocked'
  | 'popup_closed';

/** Codes of {@link AccessTokenError}. */
export type AccessTokenErrorCode =
  | 'token_missing'
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'insufficient_user_authentication'
  | 'access_denied';

/** All codes of {@link AuthError}. */
export type AuthErrorCode =
  | ConfigurationErrorCode
  | AuthorizationServerErrorCode
  | ValidationErrorCode
  | TransportErrorCode
  | LoginRequiredErrorCode
  | AccessTokenErrorCode;
