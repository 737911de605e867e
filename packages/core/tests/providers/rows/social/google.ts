import { google } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const opaque = 'Access tokens are opaque, and for the APIs of Google.';

export const googleRow: ProviderRow = {
  name: 'google',
  title: 'Google',
  flavour: 'google',
  createPreset: () => google(),
  example: google(),
  cells: {
    login: { sent: { scope: 'openid profile', access_type: 'offline', prompt: 'consent' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: 'Google has no logout endpoint: the user stays signed in there.',
    backchannelLogout: 'Google lists no back-channel logout in its metadata.',
    apiToken: opaque,
    severalResources: opaque,
  },
};
