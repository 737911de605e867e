import { zitadel } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

export const zitadelRow: ProviderRow = {
  name: 'zitadel',
  title: 'Zitadel',
  flavour: 'zitadel',
  createPreset: (issuer) => zitadel({ issuer }),
  example: zitadel({ issuer: 'https://acme.zitadel.cloud' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://zitadel.example.test/oidc/v1/end_session' },
    backchannelLogout: {},
    // https://zitadel.com/docs/apis/openidoauth/claims
    apiToken: {
      isIntrospected: true,
      audience: '69234237810729019',
      token: { scopes: ['openid', 'profile', 'offline_access'] },
    },
    severalResources: 'An access token is for all projects that the login requests.',
  },
};
