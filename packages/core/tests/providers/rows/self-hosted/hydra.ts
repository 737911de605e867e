import { hydra } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const audience = 'https://api.example.test';

export const hydraRow: ProviderRow = {
  name: 'hydra',
  title: 'Ory Hydra',
  flavour: 'hydra',
  createPreset: (issuer) => hydra({ issuer }),
  example: hydra({ issuer: 'https://hydra.example.com/' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://hydra.example.test/oauth2/sessions/logout' },
    backchannelLogout: {},
    apiToken: {
      options: { authorizationParameters: { audience } },
      server: { accessTokenFormat: 'jwt' },
      setting: 'access tokens are JWTs (`strategies.access_token: jwt`)',
      audience,
      token: { scopes: ['openid', 'profile', 'offline_access'] },
    },
    severalResources:
      'The parameter `audience` of the login names all APIs, and each access token is for all of them.',
  },
};
