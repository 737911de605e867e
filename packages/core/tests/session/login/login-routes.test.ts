// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { getSigningKey } from '../../support/client/signing-key.ts';
import { form, getPath, html, sameOrigin, startLogin } from '../../support/session/start-login.ts';
import { baseUrl, createWebApp } from '../../support/web-browser.ts';

test('S1: shows no text of the request or the provider in a page', async () => {
  const app = await createWebApp();
  const { browser, url } = await startLogin(app);
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

test('shows the user that the login was cancelled', async () => {
  const app = await createWebApp();
  const { browser, url } = await startLogin(app);
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
    const response = await app.open().logIn(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    expect(response.headers.get('location')).toBe('/');
  }
});

test('S6: ignores parameters of a login URL that are not allowed or are injected', async () => {
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
  const { url } = await startLogin(app, `/auth/login?${query}`);
  expect(url.searchParams.getAll('redirect_uri')).toEqual([`${baseUrl}/auth/callback`]);
  expect(url.searchParams.getAll('scope')).toEqual(['openid profile email offline_access']);
  expect(url.searchParams.get('login_hint')).toBe('a&scope=admin');
  expect(url.searchParams.get('client_id')).toBe('web');
  expect(url.searchParams.get('response_type')).toBe('code');
  expect(url.searchParams.get('state')).not.toBe('fixed');
  expect(url.searchParams.has('audience')).toBe(false);
  expect(url.searchParams.has('prompt')).toBe(false);
});

test('S14: a prefetch starts no login, ends no session and sets no cookie', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const previousCookie = browser.header();
  const prefetches = [
    [{ purpose: 'prefetch' }, undefined],
    [{ 'sec-purpose': 'prefetch;prerender' }, undefined],
    [{ 'x-moz': 'prefetch' }, undefined],
    [{}, { isPrefetch: true, isRouterFetch: false }],
  ] as const;
  for (const [prefetchHeaders, router] of prefetches) {
    const headers = { ...prefetchHeaders, ...sameOrigin };
    for (const response of [
      await browser.visit('/auth/login', { headers }, router),
      await browser.visit('/auth/logout', { headers }, router),
      await browser.visit('/auth/logout', { method: 'POST', headers }, router),
    ]) {
      expect(response.status).toBe(204);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
  }
  expect(browser.header()).toBe(previousCookie);
  expect((await app.sessions.open(previousCookie)).session).toBeDefined();
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
  const retainedStates = states.filter((state) =>
    browser.cookies.has(`__Host-session.login.${state.slice(0, 16)}`),
  );
  expect(retainedStates.length).toBeGreaterThanOrEqual(2);
  expect(retainedStates).toEqual(states.slice(-retainedStates.length));
});

test('S14: responds to a script with an error, and to a router with a response that makes it navigate', async () => {
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

test('completes concurrent logins of two tabs', async () => {
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
  const { browser, authorize } = await startLogin(app);
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

test('starts a third-party initiated login at the configured provider only', async () => {
  const app = await createWebApp();
  const query = new URLSearchParams({
    iss: app.server.issuer,
    login_hint: 'alice',
    target_link_uri: `${baseUrl}/deep`,
  });
  const { url, browser } = await startLogin(app, `/auth/login?${query}`);
  expect(url.searchParams.get('login_hint')).toBe('alice');
  const response = await browser.visit(getPath((await app.server.authorize(url)).url));
  expect(response.headers.get('location')).toBe('/deep');
  const otherProviderResponse = await app
    .open()
    .visit('/auth/login?iss=https://evil.example', { headers: html });
  expect(otherProviderResponse.status).toBe(400);
  const postResponse = await app
    .open()
    .visit('/auth/login', { method: 'POST', headers: form, body: query.toString() });
  expect(postResponse.status).toBe(303);
});

test('serves the routes below the base path', async () => {
  const app = await createWebApp({ baseUrl: `${baseUrl}/shop` });
  const browser = app.open();
  const response = await browser.logIn('/shop/auth/login?returnTo=/shop/cart');
  expect(response.headers.get('location')).toBe('/shop/cart');
  expect(await app.sessions.handle(new Request(`${baseUrl}/auth/login`))).toBeUndefined();
});

test('reports a failed login as JSON without a secret if HTML is not accepted', async () => {
  const app = await createWebApp();
  const response = await app.open().visit('/auth/callback?code=secret-code&state=some-unknown-state');
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ error: 'transaction_invalid' });
  expect(text).not.toContain('secret-code');
});

test('logs in with a signed request object, beside which OpenID Connect requires parameters', async () => {
  const { key, jwk } = await getSigningKey('ES256');
  const registration = { clientId: 'web', clientSecret: 'web-secret', jwks: { keys: [jwk] } };
  const app = await createWebApp(
    {},
    { client: { requestObjectSigningKey: { key } }, server: { clients: [registration] } },
  );
  const browser = app.open();
  expect((await browser.logIn()).status).toBe(303);
  expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
  const [request] = app.server.requestsTo('authorization');
  expect(Object.keys(request?.query ?? {}).sort()).toEqual([
    'client_id',
    'request',
    'response_type',
    'scope',
  ]);
});
