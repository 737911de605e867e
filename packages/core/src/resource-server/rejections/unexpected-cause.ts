import type { AuthError } from '../../errors.ts';

// Not in the error's `cause`: the text of an unexpected exception may contain the credential, and applications log errors
// with their causes.
const causes = new WeakMap<AuthError, { readonly thrown: unknown }>();

export function recordUnexpectedCause(error: AuthError, thrown: unknown): void {
  causes.set(error, { thrown });
}

/**
 * Finds the unexpected exception that led to an error of the verifier, for adapters that log it. Its text may contain the
 * credential: redact it first.
 *
 * @returns the exception in `thrown`; `undefined` for an error that the verifier intended
 * @example
 * ```ts
 * import { type AuthError, findUnexpectedCause } from '@countersign/core/resource-server';
 *
 * function logUnexpected(error: AuthError, redact: (text: string) => string) {
 *   const cause = findUnexpectedCause(error);
 *   if (cause) console.error(redact(String(cause.thrown)));
 * }
 * ```
 */
export const findUnexpectedCause = (error: AuthError): { readonly thrown: unknown } | undefined =>
  causes.get(error);
