import { expect, test } from 'vitest';
import { needsOfflineAccess } from './offline-access.ts';

const listed = ['openid', 'offline_access'];

test.each([
  // Keycloak lists the scope, but issues refresh tokens without it.
  ['https://id.example/realms/a', 'https://id.example/realms/a/protocol/openid-connect/auth', listed, false],
  [
    'https://id.example/auth/realms/a',
    'https://x.example/auth/realms/a/protocol/openid-connect/auth',
    listed,
    false,
  ],
  ['https://accounts.google.com', 'https://accounts.google.com/o/oauth2/v2/auth', listed, false],
  ['https://cognito-idp.eu-west-1.amazonaws.com/p', 'https://d.example/oauth2/authorize', listed, false],
  ['https://tenant.auth0.com/', 'https://tenant.auth0.com/authorize', listed, true],
  ['https://id.example', 'https://id.example/auth', listed, true],
  ['https://id.example', 'https://id.example/auth', ['openid'], false],
  ['https://id.example', 'https://id.example/auth', undefined, false],
  ['https://id.example', 'https://id.example/auth', 'offline_access', false],
  ['https://id.example', 7, listed, true],
])('%s with %s: scopes_supported %j -> %s', (issuer, authorizationEndpoint, scopesSupported, expected) => {
  expect(needsOfflineAccess({ issuer, authorizationEndpoint, scopesSupported })).toBe(expected);
});
