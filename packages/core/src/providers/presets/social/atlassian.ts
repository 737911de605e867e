import { oauth2 } from '../../oauth2.ts';
import type { ProviderPreset } from '../../provider.ts';

const issuer = 'https://auth.atlassian.com';

/**
 * Creates the preset of Atlassian ("OAuth 2.0 (3LO)"): OAuth 2 without OpenID Connect, see `oauth2()`. The registration needs the
 * User identity API. An invalid refresh token is reported with the error `unauthorized_client` and status 403.
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
  return oauth2({
    name: 'atlassian',
    issuer,
    authorizationEndpoint: `${issuer}/authorize`,
    tokenEndpoint: `${issuer}/oauth/token`,
    // Assumption: the members of the response.
    userinfo: {
      endpoint: 'https://api.atlassian.com/me',
      sub: 'account_id',
      claims: { name: 'name', email: 'email', picture: 'picture' },
    },
    scope: 'read:me',
    refreshTokens: { scope: 'offline_access' },
    authorizationParameters: { audience: 'api.atlassian.com' },
    // The example of the page sends the secret in the body of the token request.
    tokenEndpointAuthMethod: 'client_secret_post',
    isLoginEnded: ({ status, error }) => status === 403 && error === 'unauthorized_client',
  });
}
