import { AuthError, AuthorizationServerError, LoginRequiredError, TransportError } from '@countersign/core';
import { CommandError, exitCode, UsageError } from './exit.ts';
import { printable } from './output.ts';

export interface DescribedError {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

/** An error in words for the user; what is not known is not shown, for it might hold anything. */
export function describeError(error: unknown): DescribedError {
  if (error instanceof UsageError) return { code: 'usage', message: error.message, exitCode: exitCode.usage };
  if (error instanceof CommandError)
    return { code: error.code, message: error.message, exitCode: exitCode.failure };
  if (error instanceof LoginRequiredError)
    return { code: error.code, message: error.message, exitCode: exitCode.loginRequired };
  if (error instanceof AuthorizationServerError) {
    const detail = error.errorDescription ? ` (${error.errorDescription})` : '';
    return { code: error.error, message: printable(error.message + detail), exitCode: exitCode.failure };
  }
  if (error instanceof TransportError) {
    const later = error.retryAfter === undefined ? '' : ` Try again in ${error.retryAfter} seconds.`;
    return { code: error.code, message: `${error.message}.${later}`, exitCode: exitCode.failure };
  }
  if (error instanceof AuthError)
    return { code: error.code, message: error.message, exitCode: exitCode.failure };
  return { code: 'unexpected', message: 'Something unexpected went wrong.', exitCode: exitCode.failure };
}
