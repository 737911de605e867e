// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { baseUrl, createWebApp } from '../../support/web-browser.ts';

// Equal addresses in different spellings: trailing slashes, a trailing dot. HEAD instead of GET.

test('serves a route with a trailing slash, with and without base path', async () => {
  for (const prefix of ['', '/shop']) {
    const app = await createWebApp({ baseUrl: baseUrl + prefix, accessTokenRoute: true });
    const browser = app.open();
    const loginResponse = await browser.visit(`${prefix}/auth/login/?returnTo=${prefix}/orders/`);
    const { url } = await app.server.authorize(loginResponse.headers.get('location') ?? '');
    // A framework redirects to the path with a slash.
    const response = await browser.visit(`${url.pathname}/${url.search}`);
    expect([response.status, response.headers.get('location')]).toEqual([303, `${prefix}/orders/`]);
    const { session } = (await (await browser.visit(`${prefix}/auth/session/`)).json()) as {
      session: unknown;
    };
    expect(session).toMatchObject({ user: { sub: 'alice' } });
    const headers = { origin: baseUrl, 'sec-fetch-site': 'same-origin' };
    expect((await browser.visit(`${prefix}/auth/access-token/`, { headers })).status).toBe(200);
    const token = await app.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined });
    const logout = await app.open().visit(`${prefix}/auth/backchannel-logout/`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    expect(logout.status).toBe(200);
    expect((await browser.visit(`${prefix}/auth/logout/`, { method: 'POST', headers })).status).toBeLessThan(
      400,
    );
    for (const path of ['/auth/login//', '/auth//login', '/auth/login/x', '/auth/', '/'])
      expect(await app.sessions.handle(new Request(baseUrl + prefix + path)), path).toBeUndefined();
  }
});

test('responds to HEAD with the status and headers of GET, without a body', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  for (const path of [
    '/auth/session',
    '/auth/logout',
    '/auth/login',
    '/auth/session/',
    '/auth/callback?state=x',
  ]) {
    const headers = { cookie: browser.header(), accept: 'text/html' };
    const send = (method: string) => app.sessions.handle(new Request(baseUrl + path, { method, headers }));
    const [get, head] = [await send('GET'), await send('HEAD')];
    expect(head?.status, path).toBe(get?.status);
    expect([...(head?.headers.keys() ?? [])], path).toEqual([...(get?.headers.keys() ?? [])]);
    expect(await head?.text(), path).toBe('');
  }
  // Next passes a proxy of its request to route handlers.
  const request = new Request(`${baseUrl}/auth/session`, {
    method: 'HEAD',
    headers: { cookie: browser.header() },
  });
  const proxied = new Proxy(request, { get: (target, name) => Reflect.get(target, name, target) });
  expect((await app.sessions.handle(proxied))?.status).toBe(200);
  const response = await app.sessions.handle(
    new Request(`${baseUrl}/auth/backchannel-logout`, { method: 'HEAD' }),
  );
  expect([response?.status, response?.headers.get('allow')]).toEqual([405, 'POST']);
});

test('redirects a login at a host with a trailing dot to the host of the callback', async () => {
  const app = await createWebApp();
  const { host } = new URL(baseUrl);
  for (const dotted of [`${host}.`, `${host}.:443`]) {
    const response = await app.open().visit('/auth/login?returnTo=/a', { headers: { host: dotted } });
    const location = response.headers.get('location') ?? '';
    expect(location).toBe(`${baseUrl}/auth/login?returnTo=%2Fa&redirected=1`);
    expect(response.headers.getSetCookie()).toEqual([]);
    // A proxy may send this host for each request.
    const path = location.slice(baseUrl.length);
    const next = await app.open().visit(path, { headers: { host: dotted } });
    expect(new URL(next.headers.get('location') ?? '').origin).toBe(app.server.issuer);
  }
  // The name of the application within a cluster.
  for (const internal of ['web.default.svc.cluster.local.', 'web.default.svc.cluster.local.:3000']) {
    const response = await app.open().visit('/auth/login?returnTo=/a', { headers: { host: internal } });
    expect(new URL(response.headers.get('location') ?? '').origin).toBe(app.server.issuer);
  }
  const loginResponse = await app.open().visit('/auth/login?returnTo=/a', { headers: { host } });
  expect(new URL(loginResponse.headers.get('location') ?? '').origin).toBe(app.server.issuer);
});

test('S21: accepts the origin with a trailing dot, and no other origin', async () => {
  const app = await createWebApp();
  const logOut = async (origin: string) => {
    const browser = app.open();
    await browser.logIn();
    return (await browser.visit('/auth/logout', { method: 'POST', headers: { origin } })).status;
  };
  expect(await logOut(`${baseUrl}.`)).toBe(303);
  for (const origin of [`${baseUrl}..`, `${baseUrl}.evil.example`, `${baseUrl}.:8443`, `${baseUrl}:8443`])
    expect(await logOut(origin), origin).toBe(403);
});

test('reports a rejected returnTo', async () => {
  const app = await createWebApp();
  const response = await app.open().logIn(`/auth/login?returnTo=/${'x'.repeat(4_000)}`);
  expect(response.headers.get('location')).toBe('/');
  await app.open().logIn('/auth/login?returnTo=https://evil.example/');
  await app.open().logIn('/auth/login');
  expect(app.events.filter(({ type }) => type === 'return_to.rejected')).toEqual([
    { type: 'return_to.rejected', reason: 'too_long', length: 4_001 },
    { type: 'return_to.rejected', reason: 'not_allowed', length: 21 },
  ]);
});

test('keeps a returnTo of 3,500 characters and invisible characters through a login', async () => {
  const app = await createWebApp();
  for (const path of [`/${'x'.repeat(3_499)}`, '/%D9%85%DB%8C%E2%80%8C%D8%B4%D9%88%D8%AF']) {
    const response = await app.open().logIn(`/auth/login?${new URLSearchParams({ returnTo: path })}`);
    expect(response.headers.get('location')).toBe(path);
  }
  const rawResponse = await app
    .open()
    .logIn(`/auth/login?${new URLSearchParams({ returnTo: '/soft\u00adhyphen' })}`);
  expect(rawResponse.headers.get('location')).toBe('/soft%C2%ADhyphen');
});

test('with SameSite=Strict, responds to the callback with a page that redirects', async () => {
  const app = await createWebApp({ cookie: { sameSite: 'strict' } });
  const returnTo = `/orders?q='"><script>alert(1)</script>&x=1`;
  const response = await app.open().logIn(`/auth/login?${new URLSearchParams({ returnTo })}`);
  const html = await response.text();
  expect([response.status, response.headers.get('location')]).toEqual([200, null]);
  expect(html).toContain('<meta http-equiv="refresh" content="0; url=/orders?q=%27%22%3E%3Cscript%3E');
  expect(html).not.toContain('<script');
  expect(response.headers.getSetCookie().join()).toContain('__Host-session=');
});
