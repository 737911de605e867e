import type { WebAuthOptions } from '@countersign/core/session';

/** Options of {@link createAuth}. Each one has a default or an environment variable. */
export type AuthOptions = WebAuthOptions;

export const defaults: AuthOptions = {
  // Next patches `fetch`. Requests of a login must not use its cache.
  fetch: (url, init) => fetch(url, { cache: 'no-store', ...init }),
  // Written out, so that Next can replace it with the environment of the edge runtime.
  environment: process.env,
};
