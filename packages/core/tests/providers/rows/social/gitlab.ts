import { gitlab } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const opaque = 'Access tokens are opaque, and for the API of GitLab.';

export const gitlabRow: ProviderRow = {
  name: 'gitlab',
  title: 'GitLab',
  flavour: 'gitlab',
  createPreset: (issuer) => gitlab({ issuer }),
  example: gitlab({ issuer: 'https://gitlab.com' }),
  cells: {
    login: { sent: { scope: 'openid profile' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: 'GitLab has no logout endpoint: the user stays signed in there.',
    backchannelLogout: 'GitLab lists no back-channel logout in its metadata.',
    apiToken: opaque,
    severalResources: opaque,
  },
};
