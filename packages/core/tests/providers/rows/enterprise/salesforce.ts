import { salesforce } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const opaque = 'Access tokens are opaque, and for the APIs of Salesforce.';

export const salesforceRow: ProviderRow = {
  name: 'salesforce',
  title: 'Salesforce',
  flavour: 'salesforce',
  createPreset: (issuer) => salesforce({ issuer }),
  example: salesforce({ issuer: 'https://acme.my.salesforce.com' }),
  cells: {
    login: { sent: { scope: 'openid profile refresh_token' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://example.my.salesforce.com/services/auth/idp/oidc/logout' },
    backchannelLogout: 'Salesforce notifies applications in the browser only (front-channel logout).',
    apiToken: opaque,
    severalResources: opaque,
  },
};
