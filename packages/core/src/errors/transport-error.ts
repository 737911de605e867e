import { limitDelay } from '../internal/fetch/retry-after.ts';
import { AuthError, isKind } from './auth-error.ts';
import type { TransportErrorCode } from './error-codes.ts';

/**
 * The network, the provider or a store is temporarily unavailable. A later call may succeed.
 *
 * @example
 * ```ts
 * import { TransportError } from '@countersign/core';
 *
 * export function respond(error: unknown): Response {
 *   if (!(error instanceof TransportError)) throw error;
 *   return new Response(null, { status: 503, headers: { 'retry-after': String(error.retryAfter ?? 10) } });
 * }
 * ```
 */
export class TransportError extends AuthError {
  /** Identifies the failure. */
  declare readonly code: TransportErrorCode;
  /**
   * Seconds until the next attempt, if known: a whole number from 0 to 86,400, as `Retry-After` requires. The constructor
   * rounds up and limits the value. `undefined` for a value that is not a finite number.
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
    this.retryAfter = limitDelay(details.retryAfter);
    this.status = details.status;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKind(value, 'TransportError');
  }
}
