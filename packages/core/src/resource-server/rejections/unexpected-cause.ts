import type { AuthError } from '../../errors.ts';

// Beside the error, not in its `cause`: the text of an exception that nothing foresaw may quote what was sent, and errors
// are logged as they are.
const causes = new WeakMap<AuthError, { readonly thrown: unknown }>();

/** Notes which exception led to a refusal. */
export function recordUnexpectedCause(refusal: AuthError, thrown: unknown): void {
  causes.set(refusal, { thrown });
}

/**
 * The exception that was not foreseen and led to a refusal of the verifier, in the member `thrown`; for an adapter that
 * logs it. Its text may contain the credential: redact it first.
 *
 * @returns `undefined` for a refusal that the verifier has decided
 * @example
 * const cause = findUnexpectedCause(error);
 * if (cause) logger.error(redact(String(cause.thrown)));
 */
export const findUnexpectedCause = (refusal: AuthError): { readonly thrown: unknown } | undefined =>
  causes.get(refusal);
