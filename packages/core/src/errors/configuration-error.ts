import { AuthError, isKind } from './auth-error.ts';
import type { ConfigurationErrorCode } from './error-codes.ts';

/**
 * An option or environment variable is missing or invalid, or a function was called in the wrong place. The developer must
 * correct it.
 *
 * @example
 * ```ts
 * import { ConfigurationError } from '@countersign/core';
 *
 * export const isMistakeOfDeveloper = (error: unknown): boolean => error instanceof ConfigurationError;
 * ```
 */
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
