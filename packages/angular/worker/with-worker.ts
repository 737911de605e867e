import { type AuthFeature, ConfigurationError } from '@countersign/angular';
import { createWorkerFetch, type TokenWorker } from '@countersign/core/worker';

/**
 * Holds refresh tokens in a dedicated worker, which sends them only to the token and revocation endpoints of the
 * provider. The page never receives a refresh token. The script of the worker calls `runTokenWorker()`. Tokens are in
 * memory, so combine the feature with `withSilentLogin()`; `withStorage()` is not allowed.
 *
 * The option `fetch` sends the requests of the page, for example for keys. The requests of the worker need
 * `runTokenWorker(undefined, { fetch })`.
 *
 * A storage that outlives the worker throws a `ConfigurationError` `invalid_option` when the application starts.
 * If the worker cannot be created or loaded, logins and refreshes fail with a `ConfigurationError` `unsupported_by_browser`.
 * After it has ended, refreshes fail with a `TransportError` `network_error`.
 *
 * @param createWorker called once, in the browser
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps
 * @throws ConfigurationError `invalid_option` when the application starts, if the storage outlives the worker
 * @example
 * ```ts
 * import { provideAuth, withRefreshTokens, withSilentLogin } from '@countersign/angular';
 * import { withWorker } from '@countersign/angular/worker';
 *
 * const providers = [
 *   provideAuth(
 *     { issuer: 'https://login.example.com', clientId: 'my-app' },
 *     withRefreshTokens(),
 *     withSilentLogin(),
 *     withWorker(() => new Worker(new URL('./token.worker', import.meta.url), { type: 'module' })),
 *   ),
 * ];
 * ```
 */
export function withWorker(createWorker: () => TokenWorker): AuthFeature {
  return {
    configure(config) {
      const { storage } = config;
      if (storage && storage.reach !== 'memory') {
        throw new ConfigurationError(
          'invalid_option',
          'withWorker() requires the storage in memory. Remove withStorage().',
        );
      }
      return { ...config, fetch: createWorkerFetch(createWorker, config) };
    },
  };
}
