import type { WebAuthOptions } from '@countersign/core/session';

/** Every option has a default or an environment variable; see {@link createAuth}. */
export type AuthOptions = WebAuthOptions;

export const defaults: AuthOptions = {
  // Next patches `fetch`; nothing of a login may come from or go to its cache.
  fetch: (url, init) => fetch(url, { cache: 'no-store', ...init }),
  // Written out, so that Next can put the environment of the edge runtime in its place.
  environment: process.env,
};
