import { twitch } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const opaque = 'Access tokens are opaque, and for the API of Twitch.';

export const twitchRow: ProviderRow = {
  name: 'twitch',
  title: 'Twitch',
  flavour: 'twitch',
  createPreset: () => twitch(),
  example: twitch(),
  cells: {
    login: {
      sent: {
        scope: 'openid user:read:email',
        claims: JSON.stringify({
          id_token: { email: null, email_verified: null, picture: null, preferred_username: null },
        }),
      },
    },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: 'Twitch has no logout endpoint: the user stays signed in there.',
    backchannelLogout: 'Twitch lists no back-channel logout in its metadata.',
    apiToken: opaque,
    severalResources: opaque,
  },
};
