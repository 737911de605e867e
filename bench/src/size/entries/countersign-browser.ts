import { createBrowserAuth } from '@countersign/core/browser';

export const auth = createBrowserAuth({
  issuer: 'https://id.example',
  clientId: 'app',
  redirectUri: 'https://app.example/callback',
  scope: 'openid offline_access',
});
