import { createAuth } from '@countersign/next';

export const auth = createAuth({
  scope: 'openid profile email offline_access items:read',
  resource: 'https://api.countersign.example',
  allowInsecureIssuer: true,
  idTokenHint: false,
});
