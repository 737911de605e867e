import { AuthError, AuthorizationServerError, LoginRequiredError, TransportError } from '@countersign/core';
import { CommandError, exitCode, UsageError } from './exit.ts';
import { toPrintable } from './output.ts';

export interface DescribedError {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

/** Describes an error for the user. The message of an unknown error is not shown, because it can contain a secret. */
export function describeError(error: unknown): DescribedError {
  if (error instanceof UsageError) return { code: 'usage', message: error.message, exitCode: exitCode.usage };
  if (error instanceof CommandError)
    return { code: error.code, message: error.message, exitCode: exitCode.failure };
  if (error instanceof LoginRequiredError)
    return { code: error.code, message: error.message, exitCode: exitCode.loginRequired };
  if (error instanceof AuthorizationServerError) {
    const detail = error.errorDescription ? ` (${error.errorDescription})` : '';
    return { code: error.error, message: toPrintable(error.message + detail), exitCode: exitCode.failure };
  }
  if (error instanceof TransportError) {
    const hint = error.retryAfter === undefined ? '' : ` Try again in ${error.retryAfter} seconds.`;
    return { code: error.code, message: `${error.message}.${hint}`, exitCode: exitCode.failure };
  }
  if (error instanceof AuthError)
    return { code: error.code, message: error.message, exitCode: exitCode.failure };
  return { code: 'unexpected', message: 'An unexpected error occurred.', exitCode: exitCode.failure };
}
