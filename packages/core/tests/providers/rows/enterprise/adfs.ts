import { adfs } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const audience = 'https://api.example.test';

export const adfsRow: ProviderRow = {
  name: 'adfs',
  title: 'AD FS',
  flavour: 'adfs',
  createPreset: (issuer) => adfs({ issuer }),
  example: adfs({ issuer: 'https://adfs.example.com/adfs' }),
  cells: {
    login: { sent: { scope: 'openid profile' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: {},
    logout: { url: 'https://adfs.example.test/adfs/oauth2/logout' },
    // https://learn.microsoft.com/windows-server/identity/ad-fs/development/ad-fs-logout-openid-connect
    backchannelLogout: 'AD FS notifies applications in the browser only (front-channel logout).',
    apiToken: {
      options: { resource: audience },
      server: { resources: [audience] },
      setting: 'the API is a relying party trust',
      audience,
      token: { scopes: ['openid', 'profile'] },
    },
    // https://learn.microsoft.com/openspecs/windows_protocols/ms-oapx/8a7cfad6-e6d6-465d-8624-c0056677e262
    severalResources:
      'A login names one API. AD FS issues access tokens of others for a multi-resource refresh token, which the test server does not imitate.',
  },
};
