import { azureAdB2c } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

/** A user flow. */
export const azureAdB2cRow: ProviderRow = {
  name: 'azure-ad-b2c',
  title: 'Azure AD B2C',
  flavour: 'azure-b2c',
  createPreset: (issuer) =>
    azureAdB2c({
      tenant: new URL(issuer).pathname.split('/')[1] ?? '',
      host: new URL(issuer).host,
      policy: 'B2C_1_signupsignin1',
      tenantInUrls: 'tenant.onmicrosoft.com',
    }),
  example: azureAdB2c({
    tenant: '11111111-2222-3333-4444-555555555555',
    host: 'contoso.b2clogin.com',
    policy: 'B2C_1_signupsignin',
  }),
  cells: {
    login: { sent: { scope: 'openid web offline_access' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    // https://learn.microsoft.com/azure/active-directory-b2c/userinfo-endpoint
    userinfo: 'A user flow has no userinfo endpoint. A custom policy can define one.',
    logout: {
      url: 'https://tenant.b2clogin.com/tenant.onmicrosoft.com/b2c_1_signupsignin1/oauth2/v2.0/logout',
    },
    // https://learn.microsoft.com/azure/active-directory-b2c/session-behavior
    backchannelLogout: 'Azure AD B2C notifies applications in the browser only (front-channel logout).',
    apiToken: {
      options: { scope: 'openid https://tenant.onmicrosoft.com/orders/read' },
      setting: 'the application has the permission `read` of the API `orders`',
      audience: 'orders',
      token: { scopes: ['read'] },
    },
    // https://learn.microsoft.com/answers/questions/8087/how-to-get-multiple-access-tokens-for-several-web
    severalResources: 'A login receives access tokens of one API.',
  },
};
