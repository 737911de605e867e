import { AuthError, isKind } from './auth-error.ts';
import type { LoginRequiredErrorCode } from './error-codes.ts';
import type { RequiredAuthorization } from './refresh-rejection.ts';

/**
 * The user must log in, or log in again.
 *
 * @example
 * ```ts
 * import { LoginRequiredError } from '@countersign/core';
 *
 * export function redirect(error: unknown): Response {
 *   if (!(error instanceof LoginRequiredError)) throw error;
 *   return Response.redirect('https://app.example.com/auth/login');
 * }
 * ```
 */
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
