import { type AuthFeature, ConfigurationError } from '@countersign/angular';
import { createWorkerFetch, type TokenWorker } from '@countersign/core/worker';

/**
 * Keeps refresh tokens in a dedicated worker, which sends them to the provider's token and revocation endpoints alone;
 * the page never has one. The worker's script calls `runTokenWorker()`. Tokens are in memory then: combine it with
 * `withSilentLogin()`, not with `withStorage(...)`.
 *
 * @param create `() => new Worker(new URL('./token.worker', import.meta.url))`; called once, in the browser
 * @throws ConfigurationError `invalid_option` at start, with a storage that outlives the worker
 */
export function withWorker(create: () => TokenWorker): AuthFeature {
  return {
    configure(config) {
      const { issuer, allowInsecureIssuer = false, storage } = config;
      if (storage && storage.reach !== 'memory') {
        throw new ConfigurationError(
          'invalid_option',
          'withWorker() keeps refresh tokens in memory: leave out withStorage().',
        );
      }
      return { ...config, fetch: createWorkerFetch(create(), { issuer, allowInsecureIssuer }) };
    },
  };
}
