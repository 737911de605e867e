import { entra } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const tenant = '0a1b2c3d-0000-4000-8000-00000000000a';

export const entraRow: ProviderRow = {
  name: 'entra',
  title: 'Microsoft Entra ID',
  flavour: 'entra',
  createPreset: (issuer) => entra({ tenant: new URL(issuer).pathname.split('/')[1] ?? '' }),
  example: entra({ tenant: '11111111-2222-3333-4444-555555555555' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/logout` },
    backchannelLogout: 'Entra ID notifies applications in the browser only (front-channel logout).',
    apiToken: {
      options: { scope: 'openid profile api://orders/read' },
      server: { users: [{ sub: 'alice', claims: { roles: ['admin'] } }] },
      setting: 'the user has the app role `admin`',
      audience: 'orders',
      token: { scopes: ['read'], roles: ['admin'] },
    },
    severalResources: {
      options: { scope: 'openid profile api://orders/read api://bills/read' },
      audiences: ['orders', 'bills'],
    },
  },
};

/** An application with the users of several tenants. */
export const entraTenantsRow: ProviderRow = {
  ...entraRow,
  title: 'Microsoft Entra ID (several tenants)',
  flavour: 'entra-multitenant',
  createPreset: () => entra({ tenant: 'organizations', acceptTenant: [tenant] }),
  example: entra({ tenant: 'organizations', acceptTenant: ['11111111-2222-3333-4444-555555555555'] }),
  userIssuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
  cells: {
    ...entraRow.cells,
    logout: { url: 'https://login.microsoftonline.com/organizations/oauth2/v2.0/logout' },
  },
};
