import { auth0 } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const audience = 'https://api.example.test';

export const auth0Row: ProviderRow = {
  name: 'auth0',
  title: 'Auth0',
  flavour: 'auth0',
  createPreset: (issuer) => auth0({ domain: new URL(issuer).host, audience }),
  example: auth0({ domain: 'tenant.eu.auth0.com', audience: 'https://api.example.com' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access', audience } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://tenant.auth.example.test/oidc/logout' },
    backchannelLogout: { setting: 'the tenant has an Enterprise plan' },
    apiToken: { audience, token: { scopes: ['openid', 'profile', 'offline_access'] } },
    severalResources: 'The option `audience` of the preset selects one API for each login.',
  },
};
