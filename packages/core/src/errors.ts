// The subclasses differ in who must act: the developer, the provider, the user or the caller of the API.
// No message, cause or property contains a token, code, verifier, secret or cookie.

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
  | 'unguarded_handler';

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
  | 'step_up_required';

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

const brand = Symbol.for('countersign.AuthError');

type Kind =
  | 'AuthError'
  | 'ConfigurationError'
  | 'AuthorizationServerError'
  | 'ValidationError'
  | 'TransportError'
  | 'LoginRequiredError'
  | 'AccessTokenError';

function isKind(value: unknown, kind: Kind): boolean {
  const found = (value as { [brand]?: Kind } | null | undefined)?.[brand];
  return found !== undefined && (kind === 'AuthError' || found === kind);
}

/**
 * The base class of all errors of this library. `instanceof` also recognizes errors of another copy of the package.
 *
 * @example
 * ```ts
 * import { AuthError, TransportError } from '@countersign/core';
 *
 * function toStatus(error: unknown): number {
 *   if (error instanceof TransportError) return 503;
 *   return error instanceof AuthError ? 400 : 500;
 * }
 * ```
 */
export class AuthError extends Error {
  /** Identifies the error. Codes are stable between versions, messages are not. */
  readonly code: AuthErrorCode;

  constructor(code: AuthErrorCode, message: string, kind: Kind = 'AuthError') {
    super(message);
    this.name = kind;
    this.code = code;
    Object.defineProperty(this, brand, { value: kind });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'AuthError');
  }
}

/** An option or environment variable is missing or invalid. The developer must correct it. */
export class ConfigurationError extends AuthError {
  /** Identifies the error. */
  declare readonly code: ConfigurationErrorCode;

  constructor(code: ConfigurationErrorCode, message: string) {
    super(code, message, 'ConfigurationError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'ConfigurationError');
  }
}

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

/**
 * The contents of an OAuth error response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export interface AuthorizationServerErrorDetails {
  /** The `error` of the response. Empty if the response contains no OAuth error. */
  readonly error: string;
  /** The `error_description` of the response. */
  readonly errorDescription?: string | undefined;
  /** The HTTP status. Absent for an authorization response, which is a redirect. */
  readonly status?: number | undefined;
  /** For the response to a refresh: what it means. */
  readonly rejection?: RefreshRejection | undefined;
}

/**
 * The provider returned an OAuth error.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class AuthorizationServerError extends AuthError {
  /** Identifies the endpoint that returned the error. */
  declare readonly code: AuthorizationServerErrorCode;
  /**
   * The `error` of the response, without control characters, at most 100 characters. Empty if the response contains no
   * OAuth error.
   */
  readonly error: string;
  /**
   * The `error_description` of the response, without control characters, at most 300 characters. It is untrusted: do not
   * render it as HTML.
   */
  readonly errorDescription: string | undefined;
  /** The HTTP status. `undefined` for an authorization response, which is a redirect. */
  readonly status: number | undefined;
  /** For the response to a refresh: what it means. */
  readonly rejection: RefreshRejection | undefined;

  constructor(code: AuthorizationServerErrorCode, message: string, details: AuthorizationServerErrorDetails) {
    super(code, message, 'AuthorizationServerError');
    this.error = toPrintableText(details.error, 100);
    this.errorDescription =
      details.errorDescription === undefined ? undefined : toPrintableText(details.errorDescription, 300);
    this.status = details.status;
    this.rejection = details.rejection;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'AuthorizationServerError');
  }
}

/** Received data is invalid. It was rejected, and no part of it was stored. */
export class ValidationError extends AuthError {
  /** Identifies the invalid data. */
  declare readonly code: ValidationErrorCode;
  /** The failed check: a claim (`iss`, `aud`, `nonce` ...) or another check (`signature`, `state`, `redirect` ...). */
  readonly check: string;

  constructor(code: ValidationErrorCode, check: string, message: string) {
    super(code, message, 'ValidationError');
    this.check = check;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'ValidationError');
  }
}

/** The network, the provider or a store is temporarily unavailable. A later call may succeed. */
export class TransportError extends AuthError {
  /** Identifies the failure. */
  declare readonly code: TransportErrorCode;
  /**
   * Seconds until the next attempt, if known.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
   */
  readonly retryAfter: number | undefined;
  /** The HTTP status. `undefined` if no response was received. */
  readonly status: number | undefined;

  constructor(
    code: TransportErrorCode,
    message: string,
    details: {
      readonly retryAfter?: number | undefined;
      readonly status?: number | undefined;
      /** The error of the application's code, such as a store. It must not contain a secret. */
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, 'TransportError');
    if (details.cause !== undefined) Object.defineProperty(this, 'cause', { value: details.cause });
    this.retryAfter = details.retryAfter;
    this.status = details.status;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'TransportError');
  }
}

/** The user must log in, or log in again. */
export class LoginRequiredError extends AuthError {
  /** Identifies the reason. */
  declare readonly code: LoginRequiredErrorCode;
  /** The HTTP status of the provider's response, if a response is the reason. */
  readonly status: number | undefined;
  /** The OAuth `error` of the provider's response, if a response is the reason. Empty if it contains no OAuth error. */
  readonly error: string | undefined;
  /** Only for `interaction_required`: parameters to add to the authorization request of the login. */
  readonly authorization: RequiredAuthorization | undefined;

  constructor(
    code: LoginRequiredErrorCode,
    message: string,
    details: {
      readonly status?: number | undefined;
      readonly error?: string | undefined;
      readonly authorization?: RequiredAuthorization | undefined;
    } = {},
  ) {
    super(code, message, 'LoginRequiredError');
    this.status = details.status;
    this.error = details.error;
    this.authorization = details.authorization;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'LoginRequiredError');
  }
}

/**
 * The API rejects a request. Respond with `status`, `headers` and one `WWW-Authenticate` header for each of `challenges`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-5.1
 */
export class AccessTokenError extends AuthError {
  /** The `error` of the challenge, or `token_missing` or `access_denied`, which have no `error`. */
  declare readonly code: AccessTokenErrorCode;
  /** The HTTP status of the response. */
  readonly status: 400 | 401 | 403;
  /** The values of the `WWW-Authenticate` headers. */
  readonly challenges: readonly string[];
  /**
   * Additional response headers, for example `DPoP-Nonce`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-8
   */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: AccessTokenErrorCode,
    message: string,
    details: {
      readonly status: 400 | 401 | 403;
      readonly challenges: readonly string[];
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) {
    super(code, message, 'AccessTokenError');
    this.status = details.status;
    this.challenges = details.challenges;
    this.headers = details.headers ?? {};
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'AccessTokenError');
  }
}

/** Makes untrusted text safe for logs: printable, one line, limited. It stays untrusted: never render it as HTML. */
export function toPrintableText(text: string, limit: number): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, limit);
}

/** Returns the code of an error, or `unexpected_error` if it is not an error of this library. */
export const getErrorCode = (error: unknown): string =>
  error instanceof AuthError ? error.code : 'unexpected_error';
