import { line } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const opaque = 'Access tokens are opaque, and for the API of LINE.';

export const lineRow: ProviderRow = {
  name: 'line',
  title: 'LINE',
  flavour: 'line',
  createPreset: () => line({ channelSecret: 'web-secret' }),
  example: line({ channelSecret: '<channel secret>' }),
  cells: {
    login: {
      sent: { scope: 'openid profile email', code_challenge_method: 'S256' },
    },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: 'LINE has no logout endpoint: the user stays signed in there.',
    backchannelLogout: 'LINE lists no back-channel logout in its metadata.',
    apiToken: opaque,
    severalResources: opaque,
  },
};
