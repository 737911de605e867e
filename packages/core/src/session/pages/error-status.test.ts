// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import { createWebApp } from '../../../tests/support/web-browser.ts';
import {
  AuthorizationServerError,
  ConfigurationError,
  LoginRequiredError,
  TransportError,
  ValidationError,
  type ValidationErrorCode,
} from '../../errors.ts';
import { findErrorStatus } from './error-status.ts';

afterEach(() => vi.restoreAllMocks());

const headers = { 'sec-fetch-site': 'same-origin', accept: 'application/json' };
const json = { 'content-type': 'application/json' };
const tokens = {
  access_token: 'new token',
  token_type: 'Bearer',
  expires_in: 3600,
  refresh_token: 'new refresh token',
};
const respondWith = (body: unknown, more: { status?: number; headers?: Record<string, string> } = {}) => ({
  status: 200,
  headers: json,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...more,
});

/** Responses of the token endpoint to a refresh, and the status and code of the access token route. */
const refreshes: readonly (readonly [string, ReturnType<typeof respondWith>, number, string])[] = [
  ['malformed JSON', respondWith('{"access_token"'), 502, 'response_malformed'],
  ['an empty body', respondWith(''), 502, 'token_response_invalid'],
  ['an array', respondWith([]), 502, 'token_response_invalid'],
  [
    'HTML',
    respondWith('<html></html>', { headers: { 'content-type': 'text/html' } }),
    502,
    'token_response_invalid',
  ],
  ['no access token', respondWith({ ...tokens, access_token: undefined }), 502, 'token_response_invalid'],
  [
    'an access token of the wrong type',
    respondWith({ ...tokens, access_token: 5 }),
    502,
    'token_response_invalid',
  ],
  ['no token type', respondWith({ ...tokens, token_type: undefined }), 502, 'token_response_invalid'],
  ['an unknown token type', respondWith({ ...tokens, token_type: 'mac' }), 502, 'token_response_invalid'],
  [
    'a DPoP token that was not requested',
    respondWith({ ...tokens, token_type: 'DPoP' }),
    502,
    'token_response_invalid',
  ],
  [
    'a redirect',
    respondWith('', { status: 302, headers: { location: 'https://elsewhere.test' } }),
    502,
    'response_malformed',
  ],
  ['a rejected client', respondWith({ error: 'invalid_client' }, { status: 401 }), 502, 'client_rejected'],
  ['a server error', respondWith('', { status: 500 }), 503, 'server_error'],
  ['a rate limit', respondWith('', { status: 429 }), 503, 'rate_limited'],
  ['the end of the login', respondWith({ error: 'invalid_grant' }, { status: 400 }), 401, 'session_ended'],
];

test.each(refreshes)('the access token route: %s', async (_, failure, status, code) => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const app = await createWebApp({ accessTokenRoute: true }, { client: { retries: 0 } });
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_610);
  app.server.fail('token', failure);
  const response = await browser.visit('/auth/access-token', { headers });
  expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([status, code]);
  // No failure ends the login, unless the provider reports its end.
  expect(browser.cookies.has('__Host-session')).toBe(status !== 401);
  expect(response.headers.has('retry-after')).toBe(status === 503);
});

test.each([
  // The other tokens are valid: only the ID token is ignored.
  ['an ID token without a valid signature', 'alice', 200, undefined],
  ['an ID token of another user', 'mallory', 401, 'session_ended'],
])('the access token route: %s', async (_, sub, status, code) => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const app = await createWebApp({ accessTokenRoute: true });
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_610);
  const idToken = ['{"alg":"RS256"}', JSON.stringify({ iss: app.server.issuer, sub }), 'x']
    .map((part) => btoa(part).replaceAll('=', ''))
    .join('.');
  app.server.fail('token', respondWith({ ...tokens, id_token: idToken }));
  const response = await browser.visit('/auth/access-token', { headers });
  expect([response.status, ((await response.json()) as { error?: string }).error]).toEqual([status, code]);
});

test('the callback: a token response that is malformed, and an ID token that is invalid', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const app = await createWebApp();
  app.server.fail('token', respondWith({ ...tokens, token_type: 'mac' }));
  expect((await app.open().logIn()).status).toBe(502);
  app.server.faults.add('id_token_nonce_invalid');
  expect((await app.open().logIn()).status).toBe(400);
});

test.each([
  ['request_invalid', 400, 400],
  ['transaction_invalid', 400, 400],
  ['session_cookie_missing', 400, 400],
  ['authorization_response_invalid', 400, 400],
  ['logout_token_invalid', 400, 400],
  ['metadata_invalid', 502, 502],
  ['keys_invalid', 502, 502],
  ['response_malformed', 502, 502],
  ['token_response_invalid', 502, 502],
  ['id_token_invalid', 400, 502],
  ['access_token_invalid', 502, 502],
  ['userinfo_invalid', 502, 502],
  ['introspection_invalid', 502, 502],
] as const satisfies readonly (readonly [ValidationErrorCode, number, number])[])(
  'invalid data %s: %s at the callback, %s at other routes',
  (code, callback, other) => {
    const error = new ValidationError(code, 'check', 'message');
    expect(findErrorStatus(error, 'callback').status).toBe(callback);
    for (const route of ['accessToken', 'proxy', 'login', 'session'])
      expect(findErrorStatus(error, route).status, route).toBe(other);
  },
);

test.each([
  [new TransportError('network_error', 'm'), 503],
  [new TransportError('store_unavailable', 'm'), 503],
  [new LoginRequiredError('not_signed_in', 'm'), 401],
  [new AuthorizationServerError('authorization_error', 'm', { error: 'access_denied' }), 403],
  [new AuthorizationServerError('authorization_error', 'm', { error: 'server_error' }), 503],
  [new AuthorizationServerError('token_error', 'm', { error: 'server_error' }), 502],
  [new AuthorizationServerError('client_rejected', 'm', { error: 'invalid_client' }), 502],
  [new ConfigurationError('invalid_option', 'm'), 500],
  [new Error('m'), 500],
])('%s: %s', (error, status) => {
  expect(findErrorStatus(error, 'callback').status).toBe(status);
});
