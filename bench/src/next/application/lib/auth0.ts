import { Auth0Client } from '@auth0/nextjs-auth0/server';
import { appBaseUrl, secret } from './session-options';

export const auth0 = new Auth0Client({
  domain: 'id.example',
  clientId: 'web',
  clientSecret: 'client-secret',
  secret,
  appBaseUrl,
});
