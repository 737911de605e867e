import { createServer } from 'node:http';
import { createTestSession } from '@countersign/next/testing';
import type { TestAuthorizationServer } from '@countersign/testing';
import { expect, test } from '@playwright/test';
import { findFreePort } from '../../scripts/lib/ports.ts';
import type { HttpBrowser } from '../support/http-browser.ts';
import { type RunningNextWeb, secret } from '../support/next-web.ts';
import { signInAt } from '../support/sign-in.ts';
import { startAtTestProvider, untilRenewalIsDue } from '../support/test-provider.ts';

// The known failures of login in web applications, tried against the production build at a provider that misbehaves
// on demand. Those of cookies are in next-web-cookie-attacks.spec.ts; what needs the provider of the demonstration, or a
// browser, is in next-web.spec.ts.

/** Seconds: pages that were given a new token are made before it ends, also where the machine is busy. */
const accessTokenLife = 8;
let op: TestAuthorizationServer;
let app: RunningNextWeb;
let { open, startLogin, logIn, sessionOf, userOf, options } = {} as ReturnType<typeof signInAt>;
/** How each request to the API was authorized. */
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
      accessTokenLife,
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
  ({ op, app } = started);
  ({ open, startLogin, logIn, sessionOf, userOf, options } = signInAt(started));
  closing.push(started.stop, () => api.close());
});
test.afterAll(() => Promise.all(closing.map((close) => close())));
test.beforeEach(() => {
  op.lies.clear();
  op.signIn('alice');
});

const ownOrigin = () => ({ origin: app.origin });

test('S1: what the provider says about an error is not written into the page', async () => {
  const { browser, answer } = await startLogin();
  const html = '<script>alert(1)</script>';
  const url = await answer();
  const query = new URLSearchParams({ error: html, error_description: html, error_uri: html });
  for (const name of ['state', 'iss']) query.set(name, url.searchParams.get(name) ?? '');
  const page = await browser.visit(`/auth/callback?${query}`);
  expect(page.status).toBe(502);
  expect(page.html).not.toContain('alert');
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
});

test('S2: no address of another site survives a login', async () => {
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
    const { browser, answer } = await startLogin(`/auth/login?${new URLSearchParams({ returnTo })}`);
    const { status, location } = await browser.visit(await answer());
    expect(status, returnTo).toBe(303);
    expect(location?.origin, returnTo).toBe(app.origin);
  }
});

test('S3: a session that has ended is none, whatever the cookie says', async () => {
  const user = { sub: 'alice' };
  const fresh = await createTestSession(options(), { user });
  const unused = await createTestSession(options(Date.now() - 86_500_000), { user });
  expect(await userOf(fresh.header)).toBe('alice');
  expect(await userOf(unused.header)).toBeUndefined();
  expect((await open().visit('/profile', { cookie: unused.header })).status).toBe(307);
});

test('S5, S7: users whose tokens are renewed at once, each with a DPoP nonce, are given their own', async () => {
  const users = ['alice', 'bob', 'mallory'];
  const browsers: HttpBrowser[] = [];
  for (const user of users) browsers.push(await logIn(user));
  await untilRenewalIsDue(accessTokenLife);
  const before = op.requestsTo('token').length;
  calls.length = 0;
  await Promise.all(
    [...users, ...users, ...users].map(async (user, index) => {
      const { html } = await (browsers[index % users.length] as HttpBrowser).visit('/dashboard');
      expect(html).toContain(`Item of ${user}`);
      for (const other of users.filter((each) => each !== user))
        expect(html).not.toContain(`Item of ${other}`);
    }),
  );
  const refreshes = op.requestsTo('token').slice(before);
  expect(refreshes.filter(({ status }) => status === 200)).toHaveLength(users.length);
  expect(new Set(calls)).toEqual(new Set(['DPoP with proof']));
});

test('S6: a login URL adds no parameter that is not allowed, and none by injection', async () => {
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
    'openid profile email offline_access items:read items:write',
  ]);
  expect(location.searchParams.get('redirect_uri')).toBe(`${app.origin}/auth/callback`);
  expect(location.searchParams.get('state')).not.toBe('fixed');
  expect(location.searchParams.has('audience')).toBe(false);
});

test('S8, S19: a login takes a new session, and the one of before is over', async () => {
  const browser = await logIn('mallory');
  const planted = browser.cookies();
  await logIn('alice', browser);
  expect(await userOf(browser.cookies())).toBe('alice');
  expect(await userOf(planted)).toBeUndefined();
});

test('S9: an error that looks like an answer is no session', async ({ page }) => {
  let asked = 0;
  await page.route('**/auth/session', (route) => {
    asked += 1;
    return route.fulfill({ json: { error: 'not_available', message: 'x', user: { sub: 'alice' } } });
  });
  await page.goto(app.origin);
  await expect(page.getByText('You are not signed in.')).toBeVisible();
  expect(asked).toBeGreaterThan(0);
});

test('S11: malformed cookies and parameters are answered', async () => {
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

test('S13: a logout token counts once, while it is fresh and whole', async () => {
  const post = async (token: string) =>
    (await open().visit('/auth/backchannel-logout', { form: new URLSearchParams({ logout_token: token }) }))
      .status;
  const browser = await logIn('bob');
  const now = Math.floor(Date.now() / 1000);
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
  expect(await userOf(browser.cookies())).toBe('bob');
  const token = await op.mintLogoutToken({ sub: 'bob', sid: undefined });
  expect(await post(token)).toBe(200);
  expect(await userOf(browser.cookies())).toBeUndefined();
  expect(await post(token)).toBe(400);
});

test('S15: a logout during a refresh stays a logout', async () => {
  const browser = await logIn();
  const cookie = browser.cookies();
  await untilRenewalIsDue(accessTokenLife);
  const before = op.requestsTo('token').length;
  const release = op.hold('token');
  // A provider that does not hear of the logout renews the tokens all the same.
  op.fail('revocation', { status: 503 });
  const refreshed = open().visit('/profile', { cookie });
  await expect.poll(() => op.requestsTo('token').length).toBeGreaterThan(before);
  await open().visit('/auth/logout', { method: 'POST', cookie, headers: ownOrigin() });
  release();
  const { headers } = await refreshed;
  expect(await userOf(cookie)).toBeUndefined();
  expect(op.requestsTo('token').at(-1)?.status).toBe(200);
  // The tokens that were fetched for nothing are not sealed for anybody: what is set deletes.
  for (const line of headers['set-cookie'] ?? []) expect(line).toMatch(/^session(\.\d)?=;/);
});

test('S17: a user is iss and sub; another one with the same e-mail address is somebody else', async () => {
  const cookie = (await logIn('mallory')).cookies();
  expect((await sessionOf(cookie)).user).toMatchObject({ iss: op.issuer, sub: 'mallory' });
  const token = await op.mintLogoutToken({ sub: 'alice', sid: undefined });
  const { status } = await open().visit('/auth/backchannel-logout', {
    form: new URLSearchParams({ logout_token: token }),
  });
  expect(status).toBe(200);
  expect(await userOf(cookie)).toBe('mallory');
});

test('S21: after logout the user is sent to an address of the list', async () => {
  for (const returnTo of ['https://evil.example/', '//evil.example', `${app.origin}@evil.example/`]) {
    const browser = await logIn('bob');
    const { location } = await browser.visit('/auth/logout', { form: new URLSearchParams({ returnTo }) });
    expect(location?.origin).toBe(new URL(op.issuer).origin);
    expect(location?.searchParams.get('post_logout_redirect_uri')).toBe(`${app.origin}/`);
  }
});

test('S22: a login that had to be fresh, or has the nonce of another, is refused', async () => {
  for (const [path, lie, check] of [
    ['/auth/login?max_age=600', 'id_token_auth_time_old', 'auth_time'],
    ['/auth/login?max_age=600', 'id_token_auth_time_missing', 'auth_time'],
    ['/auth/login', 'id_token_nonce_invalid', 'nonce'],
  ] as const) {
    const { browser, answer } = await startLogin(path);
    const url = await answer();
    op.lies.add(lie);
    const page = await browser.visit(url);
    op.lies.clear();
    expect(page.status, lie).toBe(400);
    expect(page.html, lie).toContain(`id_token_invalid: ${check}`);
    expect(await userOf(browser.cookies()), lie).toBeUndefined();
  }
});

test('nothing of all this is in the log of the server', () => {
  expect(app.output()).not.toMatch(/eyJ[\w-]{10,}\.|next-web-demo-secret|refresh_token=|code=/);
  expect(app.output()).not.toContain(secret);
});
