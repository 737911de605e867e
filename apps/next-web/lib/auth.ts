import { createAuth } from '@countersign/next';
import { dpop } from './dpop';
import { stores } from './stores';

export const apiUrl = process.env.API_URL ?? 'http://localhost:3001';

/** Everything else comes from the environment: AUTH_ISSUER, AUTH_CLIENT_ID, AUTH_CLIENT_SECRET, AUTH_SECRET, AUTH_BASE_URL. */
export const auth = createAuth({
  scope: 'openid profile email offline_access items:read items:write',
  resource: 'https://api.countersign.example',
  apiOrigins: [new URL(apiUrl).origin],
  // A login URL may ask for a fresh login: "confirm my password" on the profile.
  loginParameters: ['login_hint', 'ui_locales', 'prompt', 'max_age'],
  // The provider answers by a form that the browser posts, and not in the address.
  ...(process.env.RESPONSE_MODE === 'form_post' && { responseMode: 'form_post' as const }),
  ...stores,
  ...(await dpop()),
  // The provider of the demonstration runs on this machine, without https.
  allowInsecureIssuer: /^http:\/\/(localhost|127\.0\.0\.1):/.test(process.env.AUTH_ISSUER ?? ''),
  // This provider asks the user before it ends its session, so no token needs to travel in a URL.
  idTokenHint: false,
});
