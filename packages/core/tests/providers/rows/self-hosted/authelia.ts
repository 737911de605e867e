import { authelia } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const audience = 'https://api.example.test';

export const autheliaRow: ProviderRow = {
  name: 'authelia',
  title: 'Authelia',
  flavour: 'authelia',
  createPreset: (issuer) => authelia({ issuer }),
  example: authelia({ issuer: 'https://auth.example.com' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: 'Authelia has no logout endpoint: the user stays signed in there.',
    backchannelLogout: 'Authelia lists no back-channel logout in its metadata.',
    apiToken: {
      options: { authorizationParameters: { audience } },
      server: { accessTokenFormat: 'jwt' },
      setting: 'the client has `access_token_signed_response_alg: RS256`, and the API in `audience`',
      audience,
      token: { scopes: ['openid', 'profile', 'offline_access'] },
    },
    severalResources:
      'The parameter `audience` of the login names all APIs, and each access token is for all of them.',
  },
};
