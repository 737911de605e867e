import { AuthError, isKind } from './auth-error.ts';
import type { ValidationErrorCode } from './error-codes.ts';

/**
 * Received data is invalid. It was rejected, and no part of it was stored.
 *
 * @example
 * ```ts
 * import { ValidationError } from '@countersign/core';
 *
 * export const isLateResponse = (error: unknown): boolean =>
 *   error instanceof ValidationError && error.code === 'transaction_invalid';
 * ```
 */
export class ValidationError extends AuthError {
  /** Identifies the invalid data. */
  declare readonly code: ValidationErrorCode;
  /** The failed check: a claim (`iss`, `aud`, `nonce` ...) or another check (`signature`, `state`, `redirect` ...). */
  readonly check: string;

  constructor(code: ValidationErrorCode, check: string, message: string) {
    super(code, message || check, 'ValidationError');
    this.check = check;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'ValidationError');
  }
}
