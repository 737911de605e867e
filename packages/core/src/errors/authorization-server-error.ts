import { AuthError, isKind } from './auth-error.ts';
import type { AuthorizationServerErrorCode } from './error-codes.ts';
import { toPrintableText } from './printable-text.ts';
import type { RefreshRejection } from './refresh-rejection.ts';

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
 * @example
 * ```ts
 * import { AuthorizationServerError } from '@countersign/core';
 *
 * export const wasDenied = (error: unknown): boolean =>
 *   error instanceof AuthorizationServerError && error.error === 'access_denied';
 * ```
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
    const error = toPrintableText(details.error, 100);
    super(code, message || error, 'AuthorizationServerError');
    this.error = error;
    this.errorDescription =
      details.errorDescription === undefined ? undefined : toPrintableText(details.errorDescription, 300);
    this.status = details.status;
    this.rejection = details.rejection;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'AuthorizationServerError');
  }
}
