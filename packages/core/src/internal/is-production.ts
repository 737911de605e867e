/** Checks whether `NODE_ENV` is `production`, at each call: a bundler cannot insert the value. */
export function isProduction(): boolean {
  const { process } = globalThis as { readonly process?: { readonly env?: Record<string, unknown> } };
  return process?.env?.NODE_ENV === 'production';
}
