import { oauth2 } from '../../oauth2.ts';
import type { ProviderPreset } from '../../provider.ts';

const issuer = 'https://github.com';

/**
 * Creates the preset of GitHub, for OAuth apps and GitHub Apps: OAuth 2 without OpenID Connect, see `oauth2()`. The user has the
 * numeric `id` of GitHub as `sub`. `email` is the public address of the profile, if the user has set one. Only GitHub Apps with
 * expiring tokens have refresh tokens. A logout does not revoke the access token.
 *
 * @see https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
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
  return oauth2({
    name: 'github',
    issuer,
    // PKCE is supported: https://github.blog/changelog/2025-07-14-pkce-support-for-oauth-and-github-app-authentication/
    authorizationEndpoint: `${issuer}/login/oauth/authorize`,
    tokenEndpoint: `${issuer}/login/oauth/access_token`,
    // `login` can be changed, and then belong to another user: https://docs.github.com/en/rest/users/users#get-the-authenticated-user
    userinfo: {
      endpoint: 'https://api.github.com/user',
      sub: 'id',
      claims: {
        name: 'name',
        email: 'email',
        picture: 'avatar_url',
        preferred_username: 'login',
        profile: 'html_url',
      },
    },
    scope: 'read:user',
    // `scope=repo%2Cgist`: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
    scopeSeparator: ',',
    tokenEndpointAuthMethod: 'client_secret_post',
    // Errors have status 200. An invalid refresh token is reported as `bad_refresh_token`, or as `unauthorized_client`.
    isLoginEnded: ({ error }) => error === 'bad_refresh_token' || error === 'unauthorized_client',
  });
}
