import { createServer } from 'node:http';
import { createTestSession } from '@countersign/next/testing';
import type { TestAuthorizationServer } from '@countersign/testing';
import { expect, test } from '@playwright/test';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import type { HttpBrowser } from '../../../support/http-browser.ts';
import { createHttpLogins } from '../../../support/http-logins.ts';
import { type RunningNextWeb, secret } from '../../../support/servers/apps/next-web.ts';
import { accessTokenLifetime, startAtTestProvider } from '../../../support/servers/test-provider.ts';

// Known attacks on logins of web applications, against the production build and a test provider that sends invalid responses on demand.
// Attacks on cookies are in next-web-cookie-attacks.spec.ts, those that need a browser or the demo provider in
// next-web-browser-attacks.spec.ts.

let op: TestAuthorizationServer;
let app: RunningNextWeb;
let advance: (seconds: number) => void;
let { open, startLogin, logIn, readSession, readUser, options } = {} as ReturnType<typeof createHttpLogins>;
/** The Authorization header of each request to the API. */
const calls: string[] = [];
const closing: (() => unknown)[] = [];

test.beforeAll(async () => {
  const apiPort = await findFreePort();
  const api = createServer((request, response) => {
    const [scheme = '', token = ''] = request.headers.authorization?.split(' ') ?? [];
    calls.push(`${scheme} ${request.headers.dpop === undefined ? 'without' : 'with'} proof`);
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const item = { id: '1', title: `Item of ${sub}`, createdAt: new Date().toISOString() };
    response.setHeader('content-type', 'application/json').end(JSON.stringify([item]));
  }).listen(apiPort, 'localhost');
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const started = await startAtTestProvider({
    server: {
      dpopNonce: true,
      users: [
        { sub: 'alice', claims: { email: 'alice@example.test', email_verified: true } },
        { sub: 'bob' },
        { sub: 'mallory', claims: { email: 'alice@example.test', email_verified: true } },
      ],
    },
    environment: {
      API_URL: `http://localhost:${apiPort}`,
      DPOP_KEY: JSON.stringify(await crypto.subtle.exportKey('jwk', privateKey)),
    },
  });
  ({ op, app, advance } = started);
  ({ open, startLogin, logIn, readSession, readUser, options } = createHttpLogins(started));
  closing.push(started.stop, () => api.close());
});
test.afterAll(() => Promise.all(closing.map((close) => close())));
test.beforeEach(() => {
  op.faults.clear();
  op.signIn('alice');
});

const ownOrigin = () => ({ origin: app.origin });

test('S1: the error page does not contain the error description of the provider', async () => {
  const { browser, authorize } = await startLogin();
  const html = '<script>alert(1)</script>';
  const url = await authorize();
  const query = new URLSearchParams({ error: html, error_description: html, error_uri: html });
  for (const name of ['state', 'iss']) query.set(name, url.searchParams.get(name) ?? '');
  const page = await browser.visit(`/auth/callback?${query}`);
  expect(page.status).toBe(502);
  expect(page.html).not.toContain('alert');
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
});

test('S2: a login never redirects to another site', async () => {
  for (const returnTo of [
    '//evil.example',
    '/\\evil.example',
    '\t//evil.example',
    '/\t/evil.example',
    'https:evil.example',
    'https://localhost@evil.example/',
    '/.//evil.example',
    '//evil.example',
    `${app.origin}.evil.example/`,
    'javascript:alert(1)',
    '/\u0000/evil.example',
  ]) {
    const { browser, authorize } = await startLogin(`/auth/login?${new URLSearchParams({ returnTo })}`);
    const { status, location } = await browser.visit(await authorize());
    expect(status, returnTo).toBe(303);
    expect(location?.origin, returnTo).toBe(app.origin);
  }
});

test('S3: rejects an expired session despite a valid cookie', async () => {
  const user = { sub: 'alice' };
  const fresh = await createTestSession(options(), { user });
  const unused = await createTestSession(options(op.clock.now() - 86_500_000), { user });
  expect(await readUser(fresh.header)).toBe('alice');
  expect(await readUser(unused.header)).toBeUndefined();
  expect((await open().visit('/profile', { cookie: unused.header })).status).toBe(307);
});

test('S5, S7: parallel refreshes of several users with DPoP nonces return the tokens of each user', async () => {
  const users = ['alice', 'bob', 'mallory'];
  const browsers: HttpBrowser[] = [];
  for (const user of users) browsers.push(await logIn(user));
  advance(accessTokenLifetime - 10);
  const requestsBefore = op.requestsTo('token').length;
  calls.length = 0;
  await Promise.all(
    [...users, ...users, ...users].map(async (user, index) => {
      const { html } = await (browsers[index % users.length] as HttpBrowser).visit('/dashboard');
      expect(html).toContain(`Item of ${user}`);
      for (const other of users.filter((each) => each !== user))
        expect(html).not.toContain(`Item of ${other}`);
    }),
  );
  const refreshes = op.requestsTo('token').slice(requestsBefore);
  expect(refreshes.filter(({ status }) => status === 200)).toHaveLength(users.length);
  expect(new Set(calls)).toEqual(new Set(['DPoP with proof']));
});

test('S6: a login URL cannot add or inject authorization parameters', async () => {
  const query = new URLSearchParams({
    returnTo: '/?a=b&scope=admin',
    login_hint: 'alice&scope=admin',
    scope: 'admin',
    audience: 'https://other.example',
    redirect_uri: 'https://evil.example',
    state: 'fixed',
  });
  const { location } = await startLogin(`/auth/login?${query}`);
  expect(location.searchParams.get('login_hint')).toBe('alice&scope=admin');
  expect(location.searchParams.getAll('scope')).toEqual([
    'openid profile email items:read items:write offline_access',
  ]);
  expect(location.searchParams.get('redirect_uri')).toBe(`${app.origin}/auth/callback`);
  expect(location.searchParams.get('state')).not.toBe('fixed');
  expect(location.searchParams.has('audience')).toBe(false);
});

test('S8, S19: a login creates a new session and ends the previous one', async () => {
  const browser = await logIn('mallory');
  const planted = browser.cookies();
  await logIn('alice', browser);
  expect(await readUser(browser.cookies())).toBe('alice');
  expect(await readUser(planted)).toBeUndefined();
});

test('S9: an error response does not create a session', async ({ page }) => {
  let requestCount = 0;
  await page.route('**/auth/session', (route) => {
    requestCount += 1;
    return route.fulfill({ json: { error: 'not_available', message: 'x', user: { sub: 'alice' } } });
  });
  await page.goto(app.origin);
  await expect(page.getByText('You are not signed in.')).toBeVisible();
  expect(requestCount).toBeGreaterThan(0);
});

test('S11: responds to malformed cookies and parameters', async () => {
  for (const value of [
    '%',
    '%E0%A4%A',
    '[]',
    '"',
    '~~',
    'a~9~x',
    `a~1~${'.'.repeat(50)}`,
    'x'.repeat(5_000),
  ]) {
    const cookie = `session=${value}; session.1=~; login.${'y'.repeat(16)}=${value}; =; ;;`;
    const query = new URLSearchParams({ returnTo: value, state: 'y'.repeat(43), code: value, iss: value });
    for (const path of ['/', '/profile', '/auth/session', '/auth/login', '/auth/callback', '/auth/logout']) {
      const { status } = await open().visit(`${path}?${query}`, { cookie });
      expect(status, `${path} ${value}`).toBeLessThan(500);
    }
  }
  const { status } = await open().visit('/auth/callback', {
    form: new URLSearchParams({ a: 'x'.repeat(99_000) }),
  });
  expect(status).toBe(400);
});

test('S13: accepts a logout token once, if it is recent and valid', async () => {
  const post = async (token: string) =>
    (await open().visit('/auth/backchannel-logout', { form: new URLSearchParams({ logout_token: token }) }))
      .status;
  const browser = await logIn('bob');
  const now = Math.floor(op.clock.now() / 1000);
  for (const changes of [
    { jti: undefined },
    { iat: now - 3_600, exp: now + 60 },
    { exp: now - 3_600 },
    { nonce: 'x' },
    { aud: 'other' },
    { iss: 'https://evil.example' },
    { events: {} },
    { sub: undefined, sid: undefined },
  ]) {
    expect(await post(await op.mintLogoutToken({ sub: 'bob', ...changes })), JSON.stringify(changes)).toBe(
      400,
    );
  }
  expect(await post('x.y.z')).toBe(400);
  expect(await readUser(browser.cookies())).toBe('bob');
  const token = await op.mintLogoutToken({ sub: 'bob', sid: undefined });
  expect(await post(token)).toBe(200);
  expect(await readUser(browser.cookies())).toBeUndefined();
  expect(await post(token)).toBe(400);
});

test('S15: a refresh does not undo a concurrent logout', async () => {
  const browser = await logIn();
  const cookie = browser.cookies();
  advance(accessTokenLifetime - 10);
  const requestsBefore = op.requestsTo('token').length;
  const release = op.hold('token');
  // The provider was not notified of the logout, so the refresh succeeds.
  op.fail('revocation', { status: 503 });
  const refreshed = open().visit('/profile', { cookie });
  await expect.poll(() => op.requestsTo('token').length).toBeGreaterThan(requestsBefore);
  await open().visit('/auth/logout', { method: 'POST', cookie, headers: ownOrigin() });
  release();
  const { headers } = await refreshed;
  expect(await readUser(cookie)).toBeUndefined();
  const refreshes = op.requestsTo('token').slice(requestsBefore);
  expect(refreshes.filter(({ status }) => status === 200)).toHaveLength(1);
  // The refreshed tokens are discarded: every Set-Cookie header deletes a cookie.
  for (const line of headers['set-cookie'] ?? []) expect(line).toMatch(/^session(\.\d|\.completed)?=;/);
});

test('S17: identifies a user by iss and sub, not by the e-mail address', async () => {
  const cookie = (await logIn('mallory')).cookies();
  expect((await readSession(cookie)).user).toMatchObject({ iss: op.issuer, sub: 'mallory' });
  const token = await op.mintLogoutToken({ sub: 'alice', sid: undefined });
  const { status } = await open().visit('/auth/backchannel-logout', {
    form: new URLSearchParams({ logout_token: token }),
  });
  expect(status).toBe(200);
  expect(await readUser(cookie)).toBe('mallory');
});

test('S21: redirects only to a registered URL after logout', async () => {
  for (const returnTo of ['https://evil.example/', '//evil.example', `${app.origin}@evil.example/`]) {
    const browser = await logIn('bob');
    const { location } = await browser.visit('/auth/logout', { form: new URLSearchParams({ returnTo }) });
    expect(location?.origin).toBe(new URL(op.issuer).origin);
    expect(location?.searchParams.get('post_logout_redirect_uri')).toBe(`${app.origin}/`);
  }
});

test('S22: rejects a login that is too old or has a wrong nonce', async () => {
  for (const [path, fault, check] of [
    ['/auth/login?max_age=600', 'id_token_auth_time_old', 'auth_time'],
    ['/auth/login?max_age=600', 'id_token_auth_time_missing', 'auth_time'],
    ['/auth/login', 'id_token_nonce_invalid', 'nonce'],
  ] as const) {
    const { browser, authorize } = await startLogin(path);
    const url = await authorize();
    op.faults.add(fault);
    const page = await browser.visit(url);
    op.faults.clear();
    expect(page.status, fault).toBe(400);
    expect(page.html, fault).toContain(`id_token_invalid: ${check}`);
    expect(await readUser(browser.cookies()), fault).toBeUndefined();
  }
});

test('the log of the server contains no secrets of these tests', () => {
  expect(app.output()).not.toMatch(/eyJ[\w-]{10,}\.|next-web-demo-secret|refresh_token=|code=/);
  expect(app.output()).not.toContain(secret);
});
