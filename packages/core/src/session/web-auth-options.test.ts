import { expect, test } from 'vitest';
import { chooseBaseUrl, fillFromEnvironment, hostOf } from './web-auth-options.ts';

test('one error names every option that is missing, and no value', () => {
  const environment = {
    AUTH_ISSUER: 'https://login.example',
    AUTH_CLIENT_SECRET: 'hidden',
    AUTH_SECRET: ' ',
  };
  expect(() => fillFromEnvironment({ environment, baseUrl: 'https://app.example' })).toThrow(
    /^Login is not set up\. Set AUTH_CLIENT_ID \(or createAuth\(\{ clientId \}\)\), AUTH_SECRET \(or createAuth\(\{ secret \}\)\)\.$/,
  );
});

test('options come before the environment, and lists are read', () => {
  const environment = {
    AUTH_ISSUER: 'https://login.example',
    AUTH_CLIENT_ID: 'web',
    AUTH_SECRET: 'new, old',
    AUTH_BASE_URL: 'https://app.example https://second.example',
    AUTH_API_ORIGINS: 'https://a.example,https://b.example',
  };
  expect(fillFromEnvironment({ environment, clientId: 'other' })).toMatchObject({
    clientId: 'other',
    secret: ['new', 'old'],
    baseUrls: ['https://app.example', 'https://second.example'],
    apiOrigins: ['https://a.example', 'https://b.example'],
  });
});

test('a host chooses among the addresses of the application and is never one itself', () => {
  const allowed = ['https://app.example', 'https://*.preview.example/shop'];
  expect(chooseBaseUrl(allowed, 'app.example')).toBe('https://app.example');
  expect(chooseBaseUrl(allowed, 'pr-7.preview.example')).toBe('https://pr-7.preview.example/shop');
  for (const host of ['evil.example', 'a.b.preview.example', 'evil.example/.preview.example', null]) {
    expect(chooseBaseUrl(allowed, host), String(host)).toBe('https://app.example');
  }
  expect(() => chooseBaseUrl(['https://*.preview.example'], 'evil.example')).toThrow(/without \*/);
});

test('X-Forwarded-Host is believed only where that is switched on', () => {
  const headers = new Headers({ host: 'internal', 'x-forwarded-host': 'app.example, other.example' });
  expect(hostOf(headers, false)).toBe('internal');
  expect(hostOf(headers, true)).toBe('app.example');
});
