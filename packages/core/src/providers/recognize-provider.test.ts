import { expect, test } from 'vitest';
import { cognito, dex, entra, google, keycloak, okta } from './index.ts';
import { findRefreshTokenRequest, recognizeProvider } from './recognize-provider.ts';

const keycloakEndpoint = 'https://x.example/auth/realms/a/protocol/openid-connect/auth';

test.each([
  ['https://id.example/realms/a', keycloakEndpoint, 'keycloak'],
  ['https://accounts.google.com', 'https://accounts.google.com/o/oauth2/v2/auth', 'google'],
  ['https://cognito-idp.eu-west-1.amazonaws.com/p', 'https://d.example/oauth2/authorize', 'cognito'],
  ['https://cognito-idp.cn-north-1.amazonaws.com.cn/p', undefined, 'cognito'],
  ['https://login.microsoftonline.com/t/v2.0', undefined, 'entra'],
  ['https://tenant.eu.auth0.com/', 'https://tenant.eu.auth0.com/authorize', 'auth0'],
  ['https://id.example', 'https://id.example/auth', undefined],
  ['https://id.example', 7, undefined],
  ['https://id.example/https://accounts.google.com', undefined, undefined],
  ['https://cognito-idp.eu-west-1.amazonaws.com.evil.example/p', undefined, undefined],
  ['http://cognito-idp.eu-west-1.amazonaws.com/p', undefined, undefined],
  ['https://login.microsoftonline.com.evil.example/t', undefined, undefined],
  ['https://evil.example/tenant.auth0.com/', undefined, undefined],
])('%s with the endpoint %s is recognized as %s', (issuer, authorizationEndpoint, name) => {
  expect(recognizeProvider({ issuer, authorizationEndpoint })?.name).toBe(name);
});

test('a recognized provider has no member that relaxes a check', () => {
  const names = [
    'https://tenant.auth0.com/',
    'https://accounts.google.com',
    'https://login.microsoftonline.com/t',
  ]
    .concat('https://cognito-idp.eu-west-1.amazonaws.com/p')
    .flatMap((issuer) => Object.keys(recognizeProvider({ issuer }) ?? {}));
  expect(new Set(names)).toEqual(new Set(['name', 'refreshTokens', 'retryAfter', 'createLogoutUrl']));
});

const listed = ['openid', 'offline_access'];
const tenant = '11111111-2222-3333-4444-555555555555';

test.each([
  // Keycloak lists the scope, but issues refresh tokens without it.
  [keycloak({ issuer: 'https://id.example/realms/a' }), listed, {}],
  [cognito({ userPoolId: 'eu-west-1_abc' }), listed, {}],
  [google(), listed, { parameters: { access_type: 'offline' }, prompt: 'consent' }],
  [entra({ tenant }), undefined, { scope: 'offline_access' }],
  [dex({ issuer: 'https://dex.example' }), undefined, { scope: 'offline_access' }],
  [okta({ domain: 'acme.okta.com' }), undefined, { scope: 'offline_access' }],
  [undefined, listed, { scope: 'offline_access' }],
  [undefined, ['openid'], {}],
  [undefined, undefined, {}],
  [undefined, 'offline_access', {}],
])(
  '%#: a login adds what the provider needs to issue a refresh token',
  (provider, scopesSupported, expected) => {
    expect(findRefreshTokenRequest(provider, scopesSupported)).toEqual(expected);
  },
);
