import { keycloak } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

export const keycloakRow: ProviderRow = {
  name: 'keycloak',
  title: 'Keycloak',
  flavour: 'keycloak',
  createPreset: (issuer) => keycloak({ issuer }),
  example: keycloak({ issuer: 'https://id.example.com/realms/shop' }),
  cells: {
    login: { sent: { scope: 'openid profile', prompt: null } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://keycloak.example.test/realms/test/protocol/openid-connect/logout' },
    backchannelLogout: {},
    apiToken: {
      server: { users: [{ sub: 'alice', claims: { roles: ['admin'] } }] },
      setting: 'the user has the realm role `admin`; an audience mapper adds another API than `account`',
      audience: 'account',
      token: { roles: ['admin', 'account:manage-account', 'account:view-profile'] },
    },
    severalResources: 'Audience mappers write all APIs into each access token.',
  },
};
