import { cognito } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

export const cognitoRow: ProviderRow = {
  name: 'cognito',
  title: 'Amazon Cognito',
  flavour: 'cognito',
  createPreset: (issuer) => cognito({ userPoolId: issuer.split('/').at(-1) ?? '' }),
  example: cognito({ userPoolId: 'eu-west-1_AbCdEfGhI' }),
  cells: {
    login: { sent: { scope: 'openid profile' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://example.auth.eu-central-1.amazoncognito.com/logout' },
    backchannelLogout: 'Cognito lists no back-channel logout in its metadata.',
    apiToken: {
      server: { users: [{ sub: 'alice', claims: { groups: ['staff'] } }] },
      setting: 'the user is in the group `staff`',
      audience: 'web',
      token: { roles: ['staff'] },
    },
    severalResources: 'An access token without `aud` is for the app client, so all APIs accept the same one.',
  },
};
