import { authentik } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

export const authentikRow: ProviderRow = {
  name: 'authentik',
  title: 'authentik',
  flavour: 'authentik',
  createPreset: (issuer) => authentik({ issuer }),
  example: authentik({ issuer: 'https://auth.example.com/application/o/shop/' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://authentik.example.test/application/o/test/end-session/' },
    backchannelLogout: {},
    // Access tokens differ from ID tokens by `azp` and `uid` only, so no profile accepts them without introspection.
    // https://github.com/goauthentik/authentik/blob/main/authentik/providers/oauth2/id_token.py
    apiToken: {
      isIntrospected: true,
      audience: 'web',
      token: { scopes: ['openid', 'profile', 'offline_access'] },
    },
    severalResources: 'An access token is for the client itself.',
  },
};
