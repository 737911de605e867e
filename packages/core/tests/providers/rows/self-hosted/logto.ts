import { logto } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const resources = ['https://orders.example.test', 'https://bills.example.test'] as const;

export const logtoRow: ProviderRow = {
  name: 'logto',
  title: 'Logto',
  flavour: 'logto',
  createPreset: (issuer) => logto({ issuer }),
  example: logto({ issuer: 'https://acme.logto.app/oidc' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access', prompt: 'consent' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://logto.example.test/oidc/session/end' },
    backchannelLogout: {},
    apiToken: {
      options: { resource: resources[0] },
      audience: resources[0],
      token: { scopes: ['openid', 'profile', 'offline_access'] },
    },
    severalResources: { options: { resource: resources }, audiences: resources },
  },
};
