import { createBunFetch } from './bun-fetch.ts';
import { type NodeFetch, type NodeFetchOptions, readSettings } from './node-fetch-options.ts';
import { createUndiciFetch } from './undici-fetch.ts';

/**
 * Creates a `fetch` for Node with a separate connection pool, and optionally a proxy, trusted authorities and a client
 * certificate. Pass it to `createClient()`. It uses the package `undici`, which the first request loads: install it with
 * `npm install undici`. Bun does not need it.
 *
 * @throws ConfigurationError `invalid_option` if an option is malformed or not available on Bun, `missing_option` if
 *   `clientCertificate` is incomplete. Requests throw a ConfigurationError `missing_package` if `undici` is not installed.
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { createNodeFetch } from '@countersign/core/node';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   fetch: createNodeFetch({ proxy: 'environment', pool: { connections: 32 } }),
 * });
 * ```
 */
export function createNodeFetch(options: NodeFetchOptions = {}): NodeFetch {
  const settings = readSettings(options);
  return isBun() ? createBunFetch(options, settings) : createUndiciFetch(settings);
}

/** Bun has its own module `undici`, which ignores proxies and certificates without an error. */
const isBun = (): boolean => process.versions.bun !== undefined;
