import { isDevelopment } from '../internal/development.ts';
import type { AuthErrorCode } from './error-codes.ts';

const brand = Symbol.for('countersign.AuthError');

type ErrorKind =
  | 'AuthError'
  | 'ConfigurationError'
  | 'AuthorizationServerError'
  | 'ValidationError'
  | 'TransportError'
  | 'LoginRequiredError'
  | 'AccessTokenError';

/** In production builds of Angular: the code, and the name of what differed. The long text is in the documentation. */
const createShortMessage = (code: AuthErrorCode, detail: string) =>
  `${code}${detail && ` (${detail})`}: see docs/errors.md of Countersign`;

/** Checks whether a value is an error of this kind, even of another copy of the package. */
export function isKind(value: unknown, kind: ErrorKind): boolean {
  const errorKind = (value as { [brand]?: ErrorKind } | null | undefined)?.[brand];
  return errorKind !== undefined && (kind === 'AuthError' || errorKind === kind);
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

  constructor(code: AuthErrorCode, message: string, kind: ErrorKind = 'AuthError') {
    super(isDevelopment ? message : createShortMessage(code, message));
    this.name = kind;
    this.code = code;
    Object.defineProperty(this, brand, { value: kind });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'AuthError');
  }
}

/** Returns the code of an error, or `unexpected_error` if it is not an error of this library. */
export const getErrorCode = (error: unknown): string =>
  error instanceof AuthError ? error.code : 'unexpected_error';
