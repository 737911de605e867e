import type { ProviderPreset } from '../provider.ts';

const issuer = 'https://github.com';

/**
 * Creates the preset of GitHub Apps with expiring tokens (OAuth 2 without OpenID Connect). GitHub reports errors with status
 * 200: an invalid refresh token as `bad_refresh_token`, or as `unauthorized_client`.
 *
 * @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { github } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: github(),
 *   clientId: 'web',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function github(): ProviderPreset {
  return {
    name: 'github',
    issuer,
    relaxes: [],
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/login/oauth/authorize`,
      token_endpoint: `${issuer}/login/oauth/access_token`,
    },
    scope: 'read:user',
    refreshTokens: {},
    isLoginEnded: ({ error }) => error === 'bad_refresh_token' || error === 'unauthorized_client',
  };
}
