import { createAuth } from '@countersign/next';
import { dpop } from './dpop';
import { stores } from './stores';

export const apiUrl = process.env.API_URL ?? 'http://localhost:3001';

/** Other options come from the environment: AUTH_ISSUER, AUTH_CLIENT_ID, AUTH_CLIENT_SECRET, AUTH_SECRET, AUTH_BASE_URL. */
export const auth = createAuth({
  scope: 'openid profile email items:read items:write',
  resource: 'https://api.countersign.example',
  apiOrigins: [new URL(apiUrl).origin],
  // "Confirm my password" on the profile requests a new authentication by max_age.
  loginParameters: ['login_hint', 'ui_locales', 'prompt', 'max_age'],
  // The browser posts the authorization response as a form. It is not part of the URL.
  ...(process.env.RESPONSE_MODE === 'form_post' && { responseMode: 'form_post' as const }),
  pages: { denied: '/login-denied' },
  ...stores,
  ...(await dpop()),
  // The demonstration's provider runs on this machine without https.
  allowInsecureIssuer: /^http:\/\/(localhost|127\.0\.0\.1):/.test(process.env.AUTH_ISSUER ?? ''),
  // This provider asks the user before it ends its session, so the logout URL needs no ID token.
  idTokenHint: false,
});
