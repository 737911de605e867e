import type { ProviderPreset } from '../provider.ts';

const issuer = 'https://auth.atlassian.com';

/**
 * Creates the preset of Atlassian (OAuth 2 without OpenID Connect). It reports an invalid refresh token with the error
 * `unauthorized_client` and status 403.
 *
 * @see https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { atlassian } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: atlassian(),
 *   clientId: 'web',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 *   refreshTokens: true,
 * });
 * ```
 */
export function atlassian(): ProviderPreset {
  return {
    name: 'atlassian',
    issuer,
    relaxes: [],
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/oauth/token`,
    },
    scope: 'read:me',
    refreshTokens: { scope: 'offline_access' },
    authorizationParameters: { audience: 'api.atlassian.com' },
    isLoginEnded: ({ status, error }) => status === 403 && error === 'unauthorized_client',
  };
}
