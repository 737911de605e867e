/**
 * One base class and few subclasses, divided by who must act:
 * the developer, the provider, nobody (something is not what it must be), the clock, the user, or the API's caller.
 * No message, cause or property ever carries a token, code, verifier, secret or cookie.
 */

/** The developer must change options or environment. */
export type ConfigurationErrorCode =
  | 'invalid_option'
  | 'missing_option'
  | 'insecure_issuer'
  | 'unsupported_by_provider'
  | 'wrong_context'
  | 'unguarded_handler';

/** The provider said no. */
export type AuthorizationServerErrorCode = 'authorization_error' | 'token_error' | 'endpoint_error';

/** Something received is not what it must be. */
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

/** Retry later; nothing is lost. */
export type TransportErrorCode =
  | 'network_error'
  | 'timeout'
  | 'rate_limited'
  | 'server_error'
  | 'lock_timeout'
  | 'store_unavailable';

/** The user must log in (again). */
export type LoginRequiredErrorCode =
  | 'not_signed_in'
  | 'session_ended'
  | 'refresh_token_missing'
  | 'step_up_required';

/** The caller of an API must present something else (RFC 6750 section 3.1, RFC 9449, RFC 9470). */
export type AccessTokenErrorCode =
  | 'token_missing'
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'insufficient_user_authentication'
  | 'access_denied';

/** Every code that an {@link AuthError} can have. */
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

/** Base of every error of this library. `instanceof` works across copies of the package. */
export class AuthError extends Error {
  /** What happened; it does not change between versions, as messages may. */
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

/** The developer must act: an option or environment variable is missing or wrong. */
export class ConfigurationError extends AuthError {
  /** What is wrong with the configuration. */
  declare readonly code: ConfigurationErrorCode;

  constructor(code: ConfigurationErrorCode, message: string) {
    super(code, message, 'ConfigurationError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'ConfigurationError');
  }
}

/** What an authorization server says in an error response (RFC 6749 sections 4.1.2.1 and 5.2). */
export interface AuthorizationServerErrorDetails {
  /** The `error` code of the response. */
  readonly error: string;
  /** The `error_description`, control characters removed, cut at 300 characters. Never render it as HTML. */
  readonly errorDescription?: string | undefined;
  /** HTTP status; absent for an authorization response, which arrives by redirect. */
  readonly status?: number | undefined;
}

/** The provider answered with an OAuth error. */
export class AuthorizationServerError extends AuthError {
  declare readonly code: AuthorizationServerErrorCode;
  readonly error: string;
  readonly errorDescription: string | undefined;
  readonly status: number | undefined;

  constructor(code: AuthorizationServerErrorCode, message: string, details: AuthorizationServerErrorDetails) {
    super(code, message, 'AuthorizationServerError');
    this.error = toPrintableText(details.error, 100);
    this.errorDescription =
      details.errorDescription === undefined ? undefined : toPrintableText(details.errorDescription, 300);
    this.status = details.status;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'AuthorizationServerError');
  }
}

/** Something received is not what it must be; nothing of it was kept. */
export class ValidationError extends AuthError {
  declare readonly code: ValidationErrorCode;
  /** What failed: a claim (`iss`, `aud`, `nonce` ...) or a check (`signature`, `state`, `redirect` ...). */
  readonly check: string;

  constructor(code: ValidationErrorCode, check: string, message: string) {
    super(code, message, 'ValidationError');
    this.check = check;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'ValidationError');
  }
}

/** The network or the provider is not well at the moment; the same call may succeed later. */
export class TransportError extends AuthError {
  /** What was out of reach, or too slow. */
  declare readonly code: TransportErrorCode;
  /** Seconds to wait before the next try, when the provider said so (`Retry-After`, RFC 9110 section 10.2.3). */
  readonly retryAfter: number | undefined;
  /** HTTP status of the answer; `undefined` when there was none. */
  readonly status: number | undefined;

  constructor(
    code: TransportErrorCode,
    message: string,
    details: {
      readonly retryAfter?: number | undefined;
      readonly status?: number | undefined;
      /** What failed in code of the application. It must not hold a secret. */
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

/** The user must log in (again). */
export class LoginRequiredError extends AuthError {
  declare readonly code: LoginRequiredErrorCode;

  constructor(code: LoginRequiredErrorCode, message: string) {
    super(code, message, 'LoginRequiredError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'LoginRequiredError');
  }
}

/**
 * An API refuses a request: answer with `status` and `WWW-Authenticate: <challenge>`.
 *
 * @see RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470 section 3, RFC 9728 section 5.1
 */
export class AccessTokenError extends AuthError {
  /** Why; but for `token_missing` and `access_denied` it is the `error` of the challenge. */
  declare readonly code: AccessTokenErrorCode;
  /** HTTP status: 400, 401 or 403. */
  readonly status: 400 | 401 | 403;
  /** Values for `WWW-Authenticate`, one per header line. */
  readonly challenges: readonly string[];
  /** Further response headers, for example `DPoP-Nonce`. @see RFC 9449 section 8 */
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

/** Text of others made safe for logs: toPrintableText, one line, bounded. It is still untrusted: never render it as HTML. */
export function toPrintableText(text: string, limit: number): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, limit);
}

/** Returns the code of an error, for events. */
export const getErrorCode = (error: unknown): string => String((error as { code?: unknown }).code);
