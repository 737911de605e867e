import { okta } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

export const oktaRow: ProviderRow = {
  name: 'okta',
  title: 'Okta',
  flavour: 'okta',
  createPreset: (issuer) => okta({ domain: new URL(issuer).host, authorizationServer: 'default' }),
  example: okta({ domain: 'acme.okta.com', authorizationServer: 'default' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://okta.example.test/oauth2/default/v1/logout' },
    backchannelLogout: 'Okta lists no back-channel logout in its metadata.',
    apiToken: {
      audience: 'api://default',
      token: { scopes: ['openid', 'profile', 'offline_access'] },
    },
    severalResources: 'An authorization server of Okta has one audience.',
  },
};
