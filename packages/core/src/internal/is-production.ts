/** Whether `NODE_ENV` is `production`. Read at each call, and not from a value that a bundler has inserted. */
export function isProduction(): boolean {
  const { process } = globalThis as { readonly process?: { readonly env?: Record<string, unknown> } };
  return process?.env?.NODE_ENV === 'production';
}
