// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { baseUrl, createWebApp } from '../../support/web-browser.ts';

const html = { accept: 'text/html' };
const ownOrigin = { origin: baseUrl };
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const getPath = (url: URL) => url.pathname + url.search;

async function startedLogin(
  app: Awaited<ReturnType<typeof createWebApp>>,
  path = '/auth/login?returnTo=/wanted',
) {
  const browser = app.open();
  const started = await browser.visit(path);
  const url = new URL(started.headers.get('location') ?? '');
  return { browser, url, authorize: () => app.server.authorize(url) };
}

test('S1: writes no text of a request or of the provider into a page', async () => {
  const app = await createWebApp();
  const { browser, url } = await startedLogin(app);
  const markup = '<script>alert(1)</script>';
  const query = new URLSearchParams({
    state: url.searchParams.get('state') ?? '',
    iss: app.server.issuer,
    error: markup,
    error_description: markup,
  });
  const response = await browser.visit(`/auth/callback?${query}`, { headers: html });
  const text = await response.text();
  expect(response.status).toBe(502);
  expect(text).toContain('rejected this login');
  expect(text).not.toContain('alert');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  const logout = await browser.visit(
    `/auth/logout?returnTo=${encodeURIComponent('"><script>alert(1)</script>')}`,
    { headers: html },
  );
  expect(await logout.text()).not.toContain('<script');
});

test('reports a cancelled login to the user', async () => {
  const app = await createWebApp();
  const { browser, url } = await startedLogin(app);
  const query = new URLSearchParams({
    state: url.searchParams.get('state') ?? '',
    iss: app.server.issuer,
    error: 'access_denied',
  });
  const response = await browser.visit(`/auth/callback?${query}`, { headers: html });
  expect(response.status).toBe(403);
  expect(await response.text()).toContain('cancelled');
  expect([...browser.cookies.keys()]).toEqual(['__Host-session.started']);
});

test('S2: ignores a returnTo of another origin', async () => {
  const app = await createWebApp();
  for (const returnTo of ['https://evil.example', '//evil.example', '/\\evil.example']) {
    const done = await app.open().logIn(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    expect(done.headers.get('location')).toBe('/');
  }
});

test('S6: a login URL adds no parameter that is not allowed, nor one by injection', async () => {
  const app = await createWebApp();
  const query = new URLSearchParams({
    returnTo: '/x&prompt=none&redirect_uri=https://evil.example',
    redirect_uri: 'https://evil.example',
    scope: 'admin',
    client_id: 'other',
    state: 'fixed',
    response_type: 'token',
    audience: 'everything',
    login_hint: 'a&scope=admin',
  });
  const { url } = await startedLogin(app, `/auth/login?${query}`);
  expect(url.searchParams.getAll('redirect_uri')).toEqual([`${baseUrl}/auth/callback`]);
  expect(url.searchParams.getAll('scope')).toEqual(['openid profile email offline_access']);
  expect(url.searchParams.get('login_hint')).toBe('a&scope=admin');
  expect(url.searchParams.get('client_id')).toBe('web');
  expect(url.searchParams.get('response_type')).toBe('code');
  expect(url.searchParams.get('state')).not.toBe('fixed');
  expect(url.searchParams.has('audience')).toBe(false);
  expect(url.searchParams.has('prompt')).toBe(false);
});

test('S10: rejects the response of another provider', async () => {
  const first = await createWebApp();
  const second = await createWebApp({}, { server: { issuer: 'https://other.example.test' } });
  const { browser, authorize } = await startedLogin(first);
  const { url } = await authorize();
  const elsewhere = second.open(browser.cookies);
  const response = await elsewhere.visit(getPath(url), { headers: html });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('transaction_invalid: issuer');
  expect(second.server.requestsTo('token')).toHaveLength(0);
});

test('S12: rejects a login cookie as a session and a session cookie as a login', async () => {
  const app = await createWebApp();
  const { browser } = await startedLogin(app);
  const [login = ''] = [...browser.cookies.values()];
  const requestSession = await app.sessions.open(`__Host-session=AAAAAAAA~1~${login}`);
  expect(requestSession.session).toBeUndefined();
});

test('S14: a prefetch starts no login, ends no session and sets no cookie', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const before = browser.header();
  const prefetches = [
    [{ purpose: 'prefetch' }, undefined],
    [{ 'sec-purpose': 'prefetch;prerender' }, undefined],
    [{ 'x-moz': 'prefetch' }, undefined],
    [{}, { isPrefetch: true, isRouterFetch: false }],
  ] as const;
  for (const [prefetchHeaders, router] of prefetches) {
    const headers = { ...prefetchHeaders, ...ownOrigin };
    for (const response of [
      await browser.visit('/auth/login', { headers }, router),
      await browser.visit('/auth/logout', { headers }, router),
      await browser.visit('/auth/logout', { method: 'POST', headers }, router),
    ]) {
      expect(response.status).toBe(204);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
  }
  expect(browser.header()).toBe(before);
  expect((await app.sessions.open(before)).session).toBeDefined();
});

test('S14: limits pending logins in count and size, and retains the newest', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const states: string[] = [];
  for (let i = 0; i < 9; i++) {
    const response = await browser.visit(`/auth/login?returnTo=/${'x'.repeat(i * 150)}`);
    states.push(new URL(response.headers.get('location') ?? '').searchParams.get('state') ?? '');
    app.server.clock.advance(1);
    expect(browser.header().length).toBeLessThan(8_000);
  }
  const retained = states.filter((state) =>
    browser.cookies.has(`__Host-session.login.${state.slice(0, 16)}`),
  );
  expect(retained.length).toBeGreaterThanOrEqual(2);
  expect(retained).toEqual(states.slice(-retained.length));
});

test('S14: a script that fetches the login gets an error, a router a response that makes it navigate', async () => {
  const app = await createWebApp();
  const router = { isPrefetch: false, isRouterFetch: true };
  const routerResponse = await app.open().visit('/auth/login', {}, router);
  expect([routerResponse.status, routerResponse.headers.get('content-type')]).toEqual([
    200,
    'text/plain; charset=utf-8',
  ]);
  const scriptResponse = await app.open().visit('/auth/login', { headers: { 'sec-fetch-mode': 'cors' } });
  expect(scriptResponse.status).toBe(401);
  for (const response of [routerResponse, scriptResponse])
    expect(response.headers.getSetCookie()).toEqual([]);
});

test('supports concurrent logins in two tabs', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const first = await browser.visit('/auth/login?returnTo=/first');
  const second = await browser.visit('/auth/login?returnTo=/second');
  const later = await app.server.authorize(second.headers.get('location') ?? '');
  expect((await browser.visit(getPath(later.url))).headers.get('location')).toBe('/second');
  const earlier = await app.server.authorize(first.headers.get('location') ?? '');
  expect((await browser.visit(getPath(earlier.url))).headers.get('location')).toBe('/first');
});

test('accepts a form_post response with its SameSite=None cookie', async () => {
  const app = await createWebApp({}, { client: { responseMode: 'form_post' } });
  const { browser, authorize } = await startedLogin(app);
  expect(browser.receivedCookies[0]).toContain('SameSite=None');
  const { parameters } = await authorize();
  const response = await browser.visit('/auth/callback', {
    method: 'POST',
    headers: form,
    body: parameters.toString(),
  });
  expect(response.headers.get('location')).toBe('/wanted');
  expect(browser.cookies.has('__Host-session')).toBe(true);
});

test('consumes a login before validation, so that a failed login cannot be retried', async () => {
  const app = await createWebApp();
  const { browser, authorize } = await startedLogin(app);
  const copy = new Map(browser.cookies);
  const { url } = await authorize();
  const tampered = new URL(url);
  tampered.searchParams.set('iss', 'https://evil.example');
  const rejected = await browser.visit(getPath(tampered), { headers: html });
  expect(await rejected.text()).toContain('authorization_response_invalid: iss');
  expect([...browser.cookies.keys()]).toEqual(['__Host-session.started']);
  const again = app.open(copy);
  const second = await again.visit(getPath(url), { headers: html });
  expect(again.cookies.has('__Host-session')).toBe(false);
  // The login starts again. The provider receives another state.
  const restarted = new URL(second.headers.get('location') ?? '');
  expect(restarted.pathname).toBe('/authorize');
  expect(restarted.searchParams.get('state')).not.toBe(url.searchParams.get('state'));
  expect(app.server.requestsTo('token')).toHaveLength(0);
});

test('redirects a signed-in user to returnTo if the callback is repeated', async () => {
  const app = await createWebApp();
  const { browser, authorize } = await startedLogin(app);
  const login = new Map(browser.cookies);
  const { url } = await authorize();
  await browser.visit(getPath(url));
  for (const [name, value] of login) browser.cookies.set(name, value);
  const again = await browser.visit(getPath(url), { headers: html });
  expect(again.headers.get('location')).toBe('/wanted');
  expect(app.server.requestsTo('token')).toHaveLength(1);
  const unknown = await browser.visit('/auth/callback?code=x&state=an-unknown-state-1234', {
    headers: html,
  });
  expect(unknown.headers.get('location')).toBe('/');
});

test('restarts an expired login once, and never in a loop', async () => {
  const app = await createWebApp();
  const { browser, authorize } = await startedLogin(app);
  const { url } = await authorize();
  app.server.clock.advance(3_700);
  const late = await browser.visit(getPath(url), { headers: html });
  const second = await app.server.authorize(late.headers.get('location') ?? '');
  app.server.clock.advance(3_700);
  const stopped = await browser.visit(getPath(second.url), { headers: html });
  expect(stopped.status).toBe(400);
  expect(await stopped.text()).toContain('This login cannot be completed');
});

test('S22: checks auth_time against the requested max_age', async () => {
  const app = await createWebApp({ loginParameters: ['max_age'] });
  const fresh = await app.open().logIn('/auth/login?max_age=600');
  expect(fresh.status).toBe(303);
  for (const fault of ['id_token_auth_time_missing', 'id_token_auth_time_old'] as const) {
    const { browser, url, authorize } = await startedLogin(app, '/auth/login?max_age=600');
    expect(url.searchParams.get('max_age')).toBe('600');
    app.server.faults.add(fault);
    const response = await browser.visit(getPath((await authorize()).url), { headers: html });
    app.server.faults.clear();
    expect(response.status, fault).toBe(400);
    expect(await response.text(), fault).toContain('id_token_invalid: auth_time');
    expect(browser.cookies.has('__Host-session'), fault).toBe(false);
  }
  // Without a requested max_age there is no check.
  app.server.faults.add('id_token_auth_time_missing');
  expect((await app.open().logIn()).status).toBe(303);
});

test('S22: checks the nonce', async () => {
  const app = await createWebApp();
  const { browser, authorize } = await startedLogin(app);
  const { url } = await authorize();
  app.server.faults.add('id_token_nonce_invalid');
  const response = await browser.visit(getPath(url), { headers: html });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('id_token_invalid: nonce');
  expect(browser.cookies.has('__Host-session')).toBe(false);
});

test('starts a third-party initiated login at the configured provider only', async () => {
  const app = await createWebApp();
  const query = new URLSearchParams({
    iss: app.server.issuer,
    login_hint: 'alice',
    target_link_uri: `${baseUrl}/deep`,
  });
  const { url, browser } = await startedLogin(app, `/auth/login?${query}`);
  expect(url.searchParams.get('login_hint')).toBe('alice');
  const done = await browser.visit(getPath((await app.server.authorize(url)).url));
  expect(done.headers.get('location')).toBe('/deep');
  const foreign = await app.open().visit('/auth/login?iss=https://evil.example', { headers: html });
  expect(foreign.status).toBe(400);
  const posted = await app
    .open()
    .visit('/auth/login', { method: 'POST', headers: form, body: query.toString() });
  expect(posted.status).toBe(303);
});

test('serves the routes below the base path', async () => {
  const app = await createWebApp({ baseUrl: `${baseUrl}/shop` });
  const browser = app.open();
  const done = await browser.logIn('/shop/auth/login?returnTo=/shop/cart');
  expect(done.headers.get('location')).toBe('/shop/cart');
  expect(await app.sessions.handle(new Request(`${baseUrl}/auth/login`))).toBeUndefined();
});

test('reports a failed login as JSON without a secret if HTML is not accepted', async () => {
  const app = await createWebApp();
  const response = await app.open().visit('/auth/callback?code=secret-code&state=some-unknown-state');
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ error: 'transaction_invalid' });
  expect(text).not.toContain('secret-code');
});
