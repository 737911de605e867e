import type { WebAuthOptions } from '@countersign/core/session';

/** Options of {@link createAuth}. Each one has a default or an environment variable. */
export type AuthOptions = WebAuthOptions;

type Fetch = NonNullable<AuthOptions['fetch']>;

// Next loads this module several times in a process. Clients of one application share the metadata and keys of the provider
// only if they have the same function.
const fetchKey = Symbol.for('countersign.next.fetch');
const globalState = globalThis as { [fetchKey]?: Fetch };
// Next patches `fetch`. Requests of a login must not use its cache.
globalState[fetchKey] ??= (url, init) => fetch(url, { cache: 'no-store', ...init });

export const defaults: AuthOptions = {
  fetch: globalState[fetchKey],
  // Written out, so that Next can replace it with the environment of the edge runtime.
  environment: process.env,
};
