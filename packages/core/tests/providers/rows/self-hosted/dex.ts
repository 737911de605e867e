import { dex } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const alike = 'Access tokens and ID tokens have one shape, so an API cannot tell them apart.';

export const dexRow: ProviderRow = {
  name: 'dex',
  title: 'Dex',
  flavour: 'dex',
  createPreset: (issuer) => dex({ issuer }),
  example: dex({ issuer: 'https://dex.example.com' }),
  cells: {
    login: { sent: { scope: 'openid profile offline_access' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: 'Dex has no logout endpoint: the user stays signed in there.',
    backchannelLogout: 'Dex lists no back-channel logout in its metadata.',
    apiToken: alike,
    severalResources: alike,
  },
};
