import { createAuth } from '@countersign/next';

const options = {
  scope: 'openid profile email offline_access items:read',
  resource: 'https://api.countersign.example',
  allowInsecureIssuer: true,
  idTokenHint: false,
} as const;

export const auth = createAuth(options);

/** The same sessions, with the routes in the Pages Router. */
export const pagesAuth = createAuth({ ...options, routes: '/api/auth' });
