import type { ClientOptions } from '../client/client-options.ts';

/**
 * Creates the options of {@link createClient} for Kanidm. It reports an unknown refresh token with the error
 * `invalid_request` and status 400.
 *
 * @see https://kanidm.github.io/kanidm/stable/integrations/oauth2.html
 * @example
 * ```ts
 * import { clientSecretBasic, createClient, kanidm } from '@countersign/core';
 *
 * const client = createClient(
 *   kanidm({
 *     issuer: 'https://idm.example.com/oauth2/openid/web',
 *     clientId: 'web',
 *     clientAuthentication: clientSecretBasic(process.env.CLIENT_SECRET ?? ''),
 *   }),
 * );
 * ```
 */
export function kanidm(options: ClientOptions): ClientOptions {
  return {
    ...options,
    provider: {
      ...options.provider,
      isLoginEnded: ({ status, error }) => status === 400 && error === 'invalid_request',
    },
  };
}
