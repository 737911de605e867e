import { createAuth0Client } from '@auth0/auth0-spa-js';

export const client = () =>
  createAuth0Client({
    domain: 'id.example',
    clientId: 'app',
    useRefreshTokens: true,
    authorizationParams: { redirect_uri: 'https://app.example/callback' },
  });
