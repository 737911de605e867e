import type { ClientOptions } from '../client/client-options.ts';

/**
 * Creates the options of {@link createClient} for Dex. It reports an expired, spent or unknown refresh token with the
 * error `invalid_request`, and names the refresh token in the description.
 *
 * @see https://dexidp.io/docs/configuration/tokens/
 * @example
 * ```ts
 * import { clientSecretBasic, createClient, dex } from '@countersign/core';
 *
 * const client = createClient(
 *   dex({
 *     issuer: 'https://dex.example.com',
 *     clientId: 'web',
 *     clientAuthentication: clientSecretBasic(process.env.CLIENT_SECRET ?? ''),
 *   }),
 * );
 * ```
 */
export function dex(options: ClientOptions): ClientOptions {
  return {
    ...options,
    provider: {
      ...options.provider,
      isLoginEnded: ({ error, errorDescription = '' }) =>
        error === 'invalid_request' && /refresh token/i.test(errorDescription),
    },
  };
}
