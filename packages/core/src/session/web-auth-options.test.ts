import { expect, test } from 'vitest';
import { keycloak } from '../providers/index.ts';
import { checkWebAuthOptions } from './web-auth-option-types.ts';
import { resolveEnvironment } from './web-auth-options.ts';

test('names all missing options in one error without values', () => {
  const environment = {
    AUTH_ISSUER: 'https://login.example',
    AUTH_CLIENT_SECRET: 'hidden',
    AUTH_SECRET: ' ',
  };
  expect(() => resolveEnvironment({ environment, baseUrl: 'https://app.example' })).toThrow(
    /^Login is not configured\. Set AUTH_CLIENT_ID \(or createAuth\(\{ clientId \}\)\), AUTH_SECRET \(or createAuth\(\{ secret \}\)\)\.$/,
  );
});

test('names invalid options beside missing ones without secrets', () => {
  const environment = {
    AUTH_ISSUER: 'http://login.example',
    AUTH_SECRET: 'too short',
    AUTH_BASE_URL: 'app.example',
  };
  const readMessage = (more: Record<string, string>) => {
    try {
      resolveEnvironment({ environment: { ...environment, ...more } });
    } catch (error) {
      return String(error);
    }
    return '';
  };
  for (const message of [readMessage({}), readMessage({ AUTH_CLIENT_ID: 'web' })]) {
    expect(message.includes('Set AUTH_CLIENT_ID')).toBe(message === readMessage({}));
    expect(message).toContain('issuer "http://login.example" is plain http.');
    expect(message).toContain('"secret" is a text of 9 characters, expected at least 32 random characters.');
    expect(message).toContain('"baseUrl" is "app.example", expected the URL of the application');
    expect(message).not.toContain('too short');
  }
  // A single error is reported where the option is used, with its code.
  expect(
    readMessage({ AUTH_CLIENT_ID: 'web', AUTH_ISSUER: 'https://login.example', AUTH_SECRET: 's'.repeat(32) }),
  ).toBe('');
});

test('prefers options over the environment, and reads lists', () => {
  const environment = {
    AUTH_ISSUER: 'https://login.example',
    AUTH_CLIENT_ID: 'web',
    AUTH_SECRET: `${'n'.repeat(32)}, ${'o'.repeat(32)}`,
    AUTH_BASE_URL: 'https://app.example https://second.example',
    AUTH_API_ORIGINS: 'https://a.example,https://b.example',
  };
  expect(resolveEnvironment({ environment, clientId: 'other' })).toMatchObject({
    clientId: 'other',
    secret: ['n'.repeat(32), 'o'.repeat(32)],
    baseUrls: ['https://app.example', 'https://second.example'],
    apiOrigins: ['https://a.example', 'https://b.example'],
  });
});

const complete = { AUTH_CLIENT_ID: 'web', AUTH_SECRET: 's'.repeat(32), AUTH_BASE_URL: 'https://app.example' };

test('AUTH_PROVIDER selects a preset, which sets the issuer and the scope', () => {
  const read = (environment: Record<string, string>, options = {}) =>
    resolveEnvironment({ environment: { ...complete, ...environment }, ...options });
  expect(read({ AUTH_PROVIDER: 'google' })).toMatchObject({
    issuer: 'https://accounts.google.com',
    provider: { name: 'google' },
    scope: 'openid profile email',
    refreshTokens: true,
  });
  const issuer = 'https://id.example/realms/a';
  expect(read({ AUTH_PROVIDER: 'keycloak', AUTH_ISSUER: issuer })).toMatchObject({ issuer });
  expect(() => read({ AUTH_PROVIDER: 'google', AUTH_ISSUER: issuer })).toThrow('AUTH_ISSUER');
  const provider = keycloak({ issuer });
  expect(read({ AUTH_PROVIDER: 'google' }, { provider })).toMatchObject({ issuer, provider });
  expect(read({ AUTH_ISSUER: issuer }, { refreshTokens: false })).toMatchObject({
    provider: undefined,
    refreshTokens: false,
  });
  expect(() => read({ AUTH_PROVIDER: 'gogle' })).toThrow('AUTH_PROVIDER is "gogle", expected one of ');
  expect(() => read({ AUTH_PROVIDER: 'keycloak' })).toThrow('AUTH_ISSUER');
});

test.each([
  ['redirectUri', /"redirectUri"\. .*baseUrl.*routes/],
  ['redirect_uri', /"redirect_uri"\. .*baseUrl.*routes/],
  ['callbackUrl', /"callbackUrl"\. .*baseUrl.*routes/],
  ['client_secret', /"client_secret"\. Did you mean "clientSecret"\?$/],
  ['client_id', /"client_id"\. Did you mean "clientId"\?$/],
])('rejects the option %s of other libraries, with the option to set', (name, message) => {
  expect(() => checkWebAuthOptions({ [name]: 'https://app.example/callback' })).toThrow(message);
});
