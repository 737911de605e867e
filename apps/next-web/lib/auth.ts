import { createAuth } from '@countersign/next';
import { stores } from './stores';

export const apiUrl = process.env.API_URL ?? 'http://localhost:3001';

/** Everything else comes from the environment: AUTH_ISSUER, AUTH_CLIENT_ID, AUTH_CLIENT_SECRET, AUTH_SECRET, AUTH_BASE_URL. */
export const auth = createAuth({
  scope: 'openid profile email offline_access items:read items:write',
  resource: 'https://api.countersign.example',
  apiOrigins: [new URL(apiUrl).origin],
  ...stores,
  // The provider of the demonstration runs on this machine, without https.
  allowInsecureIssuer: process.env.AUTH_ISSUER?.startsWith('http://localhost:') === true,
  // This provider asks the user before it ends its session, so no token needs to travel in a URL.
  idTokenHint: false,
});
