import type { ProviderPreset } from '../../provider.ts';

/**
 * Creates the preset of Twitch. The ID token has `preferred_username`, `picture`, `email` and `email_verified`, which the
 * parameter `claims` requests; the e-mail address also needs the scope `user:read:email`. There is no logout page.
 *
 * @see https://dev.twitch.tv/docs/authentication/getting-tokens-oidc/
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { twitch } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: twitch(),
 *   clientId: 'hof5gwx0su6owfnys0yan9c87zr6t',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function twitch(): ProviderPreset {
  return {
    name: 'twitch',
    issuer: 'https://id.twitch.tv/oauth2',
    relaxes: [],
    // The code is exchanged with a client secret: https://dev.twitch.tv/docs/authentication/getting-tokens-oidc/
    serverOnly: true,
    scope: 'openid user:read:email',
    // https://dev.twitch.tv/docs/authentication/getting-tokens-oidc/#requesting-claims
    claims: { id_token: { email: null, email_verified: null, picture: null, preferred_username: null } },
    tokenEndpointAuthMethod: 'client_secret_post',
    // Each login with a code has one: https://dev.twitch.tv/docs/authentication/refresh-tokens/
    refreshTokens: {},
    // `{"error":"Bad Request","status":400,"message":"Invalid refresh token"}`, and 401 after the user has disconnected the
    // application: https://dev.twitch.tv/docs/authentication/refresh-tokens/
    isLoginEnded: ({ status, errorDescription = '' }) =>
      (status === 400 || status === 401) && /^invalid refresh token$/i.test(errorDescription),
  };
}
