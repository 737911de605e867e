import { createAuth } from '@countersign/next';

export const auth = createAuth({
  scope: 'openid profile email items:read',
  resource: 'https://api.countersign.example',
  routes: '/api/auth',
  allowInsecureIssuer: true,
  idTokenHint: false,
});
