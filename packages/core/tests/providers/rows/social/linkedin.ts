import { linkedin } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const opaque = 'Access tokens are opaque, and for the API of LinkedIn.';
const partners = 'LinkedIn issues refresh tokens to selected partners only.';

export const linkedinRow: ProviderRow = {
  name: 'linkedin',
  title: 'LinkedIn',
  flavour: 'linkedin',
  createPreset: () => linkedin(),
  example: linkedin(),
  cells: {
    login: {
      sent: { scope: 'openid profile email', code_challenge: null, code_challenge_method: null },
    },
    idToken: {},
    refresh: partners,
    endOfRefresh: partners,
    userinfo: {},
    logout: 'LinkedIn has no logout endpoint: the user stays signed in there.',
    backchannelLogout: 'LinkedIn lists no back-channel logout in its metadata.',
    apiToken: opaque,
    severalResources: opaque,
  },
};
