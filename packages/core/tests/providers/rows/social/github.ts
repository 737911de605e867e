import { github } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const noOpenid = 'GitHub is an OAuth 2 provider without OpenID Connect.';
const opaque = 'Access tokens are opaque, and for the API of GitHub.';

/** A GitHub App with expiring tokens. */
export const githubRow: ProviderRow = {
  name: 'github',
  title: 'GitHub',
  flavour: 'github',
  createPreset: () => github(),
  example: github(),
  client: { clientId: 'Iv23example', clientSecret: 'app-secret' },
  cells: {
    login: { sent: { scope: 'read:user', nonce: null, code_challenge_method: 'S256' } },
    idToken: noOpenid,
    refresh: { setting: 'the GitHub App has user access tokens that expire' },
    endOfRefresh: {},
    userinfo: { sub: '1' },
    logout: 'GitHub has no logout endpoint: the user stays signed in there.',
    backchannelLogout: noOpenid,
    apiToken: opaque,
    severalResources: opaque,
  },
};
