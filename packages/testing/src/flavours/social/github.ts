import type { Flavour } from '../flavour.ts';

/** Finds whether a client is a GitHub App. The others are OAuth apps. */
const isGithubApp = (clientId: string) => clientId.startsWith('Iv');

/**
 * OAuth 2 without OpenID Connect. A client whose ID begins with `Iv` is a GitHub App with expiring tokens.
 *
 * @see https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 */
export const github: Flavour = {
  issuer: 'https://github.com',
  // Without metadata and keys.
  endpoints: {
    authorization: 'https://github.com/login/oauth/authorize',
    token: 'https://github.com/login/oauth/access_token',
    userinfo: 'https://api.github.com/user',
    device_authorization: 'https://github.com/login/device/code',
  },
  metadata: {},
  pkce: 'optional',
  // Tokens of GitHub Apps expire after 8 hours:
  // https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
  defaults: {
    accessTokenFormat: 'opaque',
    accessTokenLifetime: 28_800,
    clients: [
      { clientId: 'web', clientSecret: 'web-secret', tokenEndpointAuthMethod: 'client_secret_post' },
      { clientId: 'Iv23example', clientSecret: 'app-secret', tokenEndpointAuthMethod: 'client_secret_post' },
    ],
    users: [
      { sub: 'alice', claims: { id: 1, login: 'alice', name: 'Alice Example', email: 'alice@example.test' } },
      { sub: 'bob', claims: { id: 2, login: 'bob', name: 'Bob Example', email: null } },
    ],
  },
  issuesRefreshToken: () => true,
  issuesIdToken: () => false,
  tokenResponseFormat: 'form',
  tokenResponse: ({ access_token, refresh_token, expires_in }, { grant, scopes }) =>
    isGithubApp(grant.clientId)
      ? {
          access_token,
          expires_in,
          refresh_token,
          refresh_token_expires_in: 15_811_200,
          scope: '',
          token_type: 'bearer',
        }
      : { access_token, scope: scopes.join(','), token_type: 'bearer' },
  // The errors are those of this page. Assumption: their status is 200.
  // https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
  rejections: {
    code: {
      error: 'bad_verification_code',
      description: 'The code passed is incorrect or expired.',
      status: 200,
    },
    refreshToken: {
      error: 'bad_refresh_token',
      description: 'The refresh token passed is incorrect or expired.',
      status: 200,
    },
    client: {
      error: 'incorrect_client_credentials',
      description: 'The client_id and/or client_secret passed are incorrect.',
      status: 200,
    },
  },
  publicClients: {
    error: 'incorrect_client_credentials',
    description: 'The client_id and/or client_secret passed are incorrect.',
    status: 200,
  },
  // Without `sub`: https://docs.github.com/en/rest/users/users#get-the-authenticated-user
  userinfo: (_, { user }) => ({ ...user?.claims }),
  userinfoRequiresOpenid: false,
};
