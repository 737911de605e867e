/** The name and code of an error of other code, for example `Error ECONNREFUSED`. Its message can contain a secret. */
export function nameForeignError(error: unknown): string {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  const words = [name, code].filter((word) => typeof word === 'string' && /^\w{1,60}$/.test(word));
  return words.join(' ') || 'unknown error';
}
