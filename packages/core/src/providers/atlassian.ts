import type { ClientOptions } from '../client/client-options.ts';

/** Options of {@link atlassian}: the client options without those that are the same for all applications. */
export type AtlassianOptions = Omit<ClientOptions, 'issuer' | 'metadata'>;

const issuer = 'https://auth.atlassian.com';

/**
 * Creates the options of {@link createClient} for Atlassian (OAuth 2 without OpenID Connect). It reports an invalid
 * refresh token with the error `unauthorized_client` and status 403.
 *
 * @see https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/
 * @example
 * ```ts
 * import { atlassian, clientSecretPost, createClient } from '@countersign/core';
 *
 * const client = createClient(
 *   atlassian({
 *     clientId: 'web',
 *     clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 *     scope: 'read:me offline_access',
 *   }),
 * );
 * ```
 */
export function atlassian(options: AtlassianOptions): ClientOptions {
  return {
    ...options,
    issuer,
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/oauth/token`,
    },
    authorizationParameters: { audience: 'api.atlassian.com', ...options.authorizationParameters },
    provider: {
      ...options.provider,
      isLoginEnded: ({ status, error }) => status === 403 && error === 'unauthorized_client',
    },
  };
}
