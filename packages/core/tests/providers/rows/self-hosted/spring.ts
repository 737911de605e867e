import { spring } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

export const springRow: ProviderRow = {
  name: 'spring',
  title: 'Spring Authorization Server',
  flavour: 'spring',
  createPreset: (issuer) => spring({ issuer }),
  example: spring({ issuer: 'https://login.example.com' }),
  cells: {
    login: { sent: { scope: 'openid profile' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://spring.example.test/connect/logout' },
    backchannelLogout: 'Spring Authorization Server lists no back-channel logout in its metadata.',
    apiToken: { audience: 'web', token: { scopes: ['openid', 'profile'] } },
    severalResources: 'An access token is for the client itself, unless the server customizes its claims.',
  },
};
