/** Checks whether `NODE_ENV` is `production`. */
export const isProduction = (): boolean => readNodeEnv() === 'production';

/** Checks whether `NODE_ENV` is `development`. Without the variable, a server does not run in development. */
export const isDevelopmentServer = (): boolean => readNodeEnv() === 'development';

/** Reads the variable at each call: a bundler cannot insert the value. */
function readNodeEnv(): unknown {
  const { process } = globalThis as { readonly process?: { readonly env?: Record<string, unknown> } };
  return process?.env?.NODE_ENV;
}
