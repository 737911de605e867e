import { TransportError } from '@countersign/core';
import { createMemorySessionStore } from '@countersign/core/session';
import { NextRequest, NextResponse } from 'next/server.js';
import { afterEach, expect, test, vi } from 'vitest';
import { baseUrl, logIn, setUp } from '../tests/app.ts';
import { runInNext } from '../tests/run-in-next.ts';
import { createAuth } from './create-auth.ts';

const protect = ['/dashboard'];

afterEach(() => vi.restoreAllMocks());

async function setUpLogin() {
  const { server, options } = await setUp();
  const auth = createAuth(options);
  return { server, auth, cookie: await logIn(auth.handlers, server) };
}

const request = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new NextRequest(baseUrl + path, { headers, method });

test('redirects users without a session to the login on protected paths only', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const response = await auth.proxy(request('/dashboard/items?page=2'), { protect });
  expect(response.status).toBe(307);
  const location = new URL(response.headers.get('location') ?? '');
  expect(location.pathname).toBe('/auth/login');
  expect(location.searchParams.get('returnTo')).toBe('/dashboard/items?page=2');
  for (const path of ['/', '/dashboards', '/about', '/auth/login']) {
    expect((await auth.proxy(request(path), { protect })).headers.get('x-middleware-next'), path).toBe('1');
  }
});

test('compares paths by segments, decoded and without repeated slashes', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  for (const path of ['/dashboard', '/dashboard/', '/%64ashboard', '//dashboard', '/dashboard//x']) {
    expect((await auth.proxy(request(path), { protect })).status, path).toBe(307);
  }
  const withPublicPaths = { protect, publicPaths: ['/dashboard/public'] };
  expect((await auth.proxy(request('/dashboard/public/x'), withPublicPaths)).status).toBe(200);
  expect((await auth.proxy(request('/dashboard/publicity'), withPublicPaths)).status).toBe(307);
});

test('treats paths with a trailing slash as the same paths, also of the routes', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  for (const path of ['/auth/login/', '/auth/callback/', '/auth/backchannel-logout/', '/auth/session/'])
    expect((await auth.proxy(request(path), { protect: ['/'] })).headers.get('x-middleware-next'), path).toBe(
      '1',
    );
  for (const path of ['/auth/login//', '/auth/', '/auth/other/'])
    expect((await auth.proxy(request(path), { protect: ['/'] })).status, path).toBe(307);
  const slashed = { protect: ['/dashboard/'], publicPaths: ['/dashboard/public/'] };
  for (const path of ['/dashboard', '/dashboard/', '/dashboard/x/'])
    expect((await auth.proxy(request(path), slashed)).status, path).toBe(307);
  for (const path of ['/dashboard/public', '/dashboard/public/', '/dashboard/public/x/'])
    expect((await auth.proxy(request(path), slashed)).status, path).toBe(200);
});

test('removes the base path and the language before it compares paths with a trailing slash', async () => {
  const { options } = await setUp();
  const auth = createAuth({ ...options, baseUrl: `${baseUrl}/shop` });
  const open = (path: string) =>
    new NextRequest(baseUrl + path, {
      nextConfig: {
        basePath: '/shop',
        trailingSlash: true,
        i18n: { locales: ['en', 'de'], defaultLocale: 'en' },
      },
    });
  for (const path of ['/shop/auth/login/', '/shop/auth/login', '/shop/de/auth/login/'])
    expect((await auth.proxy(open(path), { protect: ['/'] })).headers.get('x-middleware-next'), path).toBe(
      '1',
    );
  for (const path of ['/shop/dashboard/', '/shop/de/dashboard/']) {
    const response = await auth.proxy(open(path), { protect });
    const location = new URL(response.headers.get('location') ?? '');
    expect([location.pathname, location.searchParams.get('returnTo')], path).toEqual([
      '/shop/auth/login',
      path,
    ]);
  }
});

test('lets preflights pass, and no other request without a session', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const all = { protect: ['/api'] };
  const preflight = { origin: 'https://other.example', 'access-control-request-method': 'POST' };
  const open = (headers: Record<string, string>, method = 'OPTIONS') =>
    auth.proxy(request('/api/items', headers, method), all);
  expect((await open(preflight)).headers.get('x-middleware-next')).toBe('1');
  expect((await open({})).status).toBe(401);
  expect((await open({ origin: preflight.origin })).status).toBe(401);
  for (const method of ['GET', 'POST', 'DELETE'])
    expect((await open(preflight, method)).status, method).toBe(401);
});

test('lets no navigation and no incomplete preflight pass', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const origin = 'https://other.example';
  for (const headers of [
    { origin, 'access-control-request-method': 'GET', 'sec-fetch-mode': 'navigate' },
    { origin, 'access-control-request-method': '' },
    { origin: '', 'access-control-request-method': 'GET' },
    { 'access-control-request-method': 'GET' },
  ]) {
    const response = await auth.proxy(request('/dashboard', headers, 'OPTIONS'), { protect });
    expect(response.status, JSON.stringify(headers)).toBe(401);
  }
  const preflight = { origin, 'access-control-request-method': 'GET', 'sec-fetch-mode': 'cors' };
  const passed = await auth.proxy(request('/dashboard', preflight, 'OPTIONS'), { protect });
  expect(passed.headers.get('x-middleware-next')).toBe('1');
});

test('ends the redirects if the provider rejects the refresh of a session, and each code', async () => {
  for (const rejection of [
    { error: 'invalid_request' },
    { error: 'invalid_grant', suberror: 'basic_action' },
  ]) {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { server, options } = await setUp();
    let isRejecting = false;
    const fetch: typeof options.fetch = async (url, init) => {
      if (!isRejecting || !String(url).endsWith('/token')) return server.fetch(url, init);
      const isRefresh = String(init?.body).includes('grant_type=refresh_token');
      return Response.json(isRefresh ? rejection : { error: 'invalid_grant' }, { status: 400 });
    };
    const auth = createAuth({ ...options, fetch });
    const cookies = new Map((await logIn(auth.handlers, server)).split('; ').map(splitCookie));
    server.clock.advance(3_700);
    isRejecting = true;
    const trace: string[] = [];
    for (let url = new URL(`${baseUrl}/dashboard`); trace.length < 20; ) {
      if (url.origin === server.issuer) ({ url } = await server.authorize(url.href));
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
      const sent = request(url.pathname + url.search, { cookie, accept: 'text/html' });
      const response = url.pathname.startsWith('/auth/')
        ? await auth.handlers.GET(sent)
        : await auth.proxy(sent, { protect });
      trace.push(`${url.pathname} ${response.status}`);
      for (const line of response.headers.getSetCookie())
        cookies.set(...splitCookie(line.split(';')[0] ?? ''));
      const location = response.headers.get('location');
      if (location === null) break;
      url = new URL(location, baseUrl);
    }
    // The login starts again once.
    expect(trace).toEqual(['/dashboard 307', '/auth/login 303', '/auth/callback 303', '/auth/callback 502']);
  }
});

function splitCookie(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

test('responds to HEAD as to GET', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const response = await auth.proxy(request('/dashboard', {}, 'HEAD'), { protect });
  expect([response.status, new URL(response.headers.get('location') ?? '').pathname]).toEqual([
    307,
    '/auth/login',
  ]);
  expect((await auth.proxy(request('/api/items', {}, 'HEAD'), { protect: ['/api'] })).status).toBe(401);
});

test('responds to forms, actions and scripts in a way that they can handle', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const all = { protect: ['/dashboard', '/api'] };
  expect((await auth.proxy(request('/api/items'), all)).status).toBe(401);
  expect((await auth.proxy(request('/dashboard', {}, 'POST'), all)).status).toBe(401);
  const formResponse = await auth.proxy(request('/dashboard', { 'sec-fetch-mode': 'navigate' }, 'POST'), all);
  expect(formResponse.status).toBe(303);
  const action = await auth.proxy(request('/dashboard', { 'next-action': 'id' }, 'POST'), all);
  expect(action.headers.get('x-action-redirect')).toBe('/auth/login?returnTo=%2Fdashboard;push');
  const custom = await auth.proxy(request('/dashboard'), {
    protect,
    onUnauthenticated: () => new Response('custom', { status: 418 }),
  });
  expect(custom.status).toBe(418);
});

test('refreshes a token near its expiry, for the browser and for the same request', async () => {
  const { server, auth, cookie: allCookies } = await setUpLogin();
  const cookie = allCookies.split('; ').find((pair) => pair.startsWith('__Host-session=')) ?? '';
  const early = await auth.proxy(request('/dashboard', { cookie }), { protect });
  expect(early.headers.getSetCookie()).toEqual([]);
  server.clock.advance(3_590);
  const late = await auth.proxy(request('/dashboard', { cookie: `${cookie}; theme=dark` }), { protect });
  expect(late.headers.get('x-middleware-next')).toBe('1');
  const [line = ''] = late.headers.getSetCookie();
  const newCookie = line.split(';')[0] ?? '';
  expect(newCookie).toContain('__Host-session=');
  expect(newCookie).not.toBe(cookie);
  expect(late.headers.get('x-middleware-request-cookie')).toBe(`theme=dark; ${newCookie}`);
  expect(late.headers.get('cache-control')).toBe('private, no-store');
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('removes a session that the provider has ended', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.endGrants();
  server.clock.advance(3_590);
  const response = await auth.proxy(request('/dashboard', { cookie }), { protect });
  expect(response.status).toBe(307);
  expect(response.headers.getSetCookie().join()).toMatch(/__Host-session=; Max-Age=0/);
});

test('shows pages to signed-in users while the provider is unavailable', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_700);
  server.fail('token', { status: 503 });
  const response = await auth.proxy(request('/dashboard', { cookie }), { protect });
  expect(response.headers.get('x-middleware-next')).toBe('1');
  expect(response.headers.getSetCookie()).toEqual([]);
});

/** Passes the request headers of the proxy's response to a page, and returns the error of its `getAccessToken()`. */
async function readPageError(
  auth: ReturnType<typeof createAuth>,
  response: Response,
  token: { readonly resource?: string; readonly forceRefresh?: boolean } = {},
): Promise<unknown> {
  const prefix = 'x-middleware-request-';
  const headers = Object.fromEntries(
    [...response.headers]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
  const { cookie = '', ...others } = headers;
  return runInNext({ cookie, headers: others }, () => auth.getAccessToken(token)).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test.each([
  [
    { status: 503, headers: { 'retry-after': '7' } },
    { code: 'server_error', status: 503, retryAfter: 7 },
  ],
  [
    { status: 429, headers: { 'retry-after': '9' } },
    { code: 'rate_limited', status: 429, retryAfter: 9 },
  ],
  [{ network: true }, { code: 'network_error' }],
] as const)('reports to the page why the proxy could not refresh: %j', async (failure, expected) => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_700);
  server.fail('token', { ...failure, times: 99 });
  for (const respond of [
    undefined,
    () => NextResponse.next(),
    ({ headers }: NextRequest) => NextResponse.next({ request: { headers: new Headers(headers) } }),
  ]) {
    const response = await auth.proxy(request('/dashboard', { cookie }), {
      protect,
      ...(respond && { respond }),
    });
    const error = await readPageError(auth, response);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject(expected);
    // Another API, whose token the proxy did not request; and a token that an API has rejected.
    const other = await readPageError(auth, response, { resource: 'https://other.example.test' });
    expect(other).toMatchObject({ code: 'wrong_context', message: expect.stringContaining('"tokens"') });
    expect(await readPageError(auth, response, { forceRefresh: true })).toMatchObject({
      code: 'wrong_context',
    });
  }
});

test('a client cannot send the failure of a refresh through the proxy', async () => {
  const { server, auth, cookie } = await setUpLogin();
  const forged = { 'x-auth-refresh-failed': 'name=TransportError&code=server_error', cookie };
  const stale = new Headers({ ...forged, 'x-locale': 'de' });
  for (const respond of [undefined, () => NextResponse.next({ request: { headers: stale } })]) {
    const response = await auth.proxy(request('/dashboard', forged), respond ? { respond } : {});
    expect(response.headers.get('x-middleware-override-headers')).not.toContain('x-auth-refresh-failed');
  }
  // Without a proxy, it changes only the error of its own request.
  server.clock.advance(3_700);
  for (const value of [
    '',
    ',',
    'name=Error&code=x',
    'name=TransportError&code=%0Ax',
    `name=${'x'.repeat(9_000)}`,
  ]) {
    const headers = { 'x-auth-refresh-failed': value };
    await expect(runInNext({ cookie, headers }, () => auth.getAccessToken())).rejects.toMatchObject({
      code: 'wrong_context',
    });
  }
});

test('reports to the page that the provider rejects the client', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_700);
  server.fail('token', {
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"invalid_client"}',
  });
  const response = await auth.proxy(request('/dashboard', { cookie }), { protect });
  expect(await readPageError(auth, response)).toMatchObject({
    name: 'AuthorizationServerError',
    status: 401,
  });
});

test("retains the headers, cookies and rewrites of the application's proxy", async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_590);
  const cookieHeaders: (string | null)[] = [];
  const response = await auth.proxy(request('/dashboard', { cookie }), {
    protect,
    respond: (inner) => {
      cookieHeaders.push(inner.headers.get('cookie'));
      const headers = new Headers(inner.headers);
      headers.set('x-locale', 'de');
      const response = NextResponse.rewrite(new URL('/de/dashboard', inner.url), { request: { headers } });
      response.cookies.set('locale', 'de');
      return response;
    },
  });
  expect(response.headers.get('x-middleware-rewrite')).toBe(`${baseUrl}/de/dashboard`);
  expect(response.headers.get('x-middleware-request-x-locale')).toBe('de');
  expect(response.headers.get('x-middleware-request-cookie')).toContain('__Host-session=');
  expect(response.headers.get('x-middleware-override-headers')?.split(',')).toEqual(
    expect.arrayContaining(['cookie', 'x-locale']),
  );
  expect(response.headers.getSetCookie().map((line) => line.split('=')[0])).toEqual([
    'locale',
    '__Host-session',
  ]);
  expect(cookieHeaders[0]).not.toContain(cookie);
  const redirect = await auth.proxy(request('/dashboard', { cookie }), {
    respond: () => NextResponse.redirect(`${baseUrl}/new`),
  });
  expect(redirect.headers.get('location')).toBe(`${baseUrl}/new`);
  expect(redirect.headers.getSetCookie()).toHaveLength(1);
});

test("passes the new session to the page with any response of the application's proxy", async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_590);
  const stale = new Headers({ cookie, 'x-locale': 'de' });
  for (const applicationResponse of [
    NextResponse.next({ request: { headers: stale } }),
    NextResponse.rewrite(`${baseUrl}/de/dashboard`),
  ]) {
    applicationResponse.headers.set('vary', 'Accept-Language');
    const response = await auth.proxy(request('/dashboard?a=b', { cookie }), {
      respond: () => applicationResponse,
    });
    const pageCookie = response.headers.get('x-middleware-request-cookie');
    expect(pageCookie).toContain('__Host-session=');
    expect(pageCookie).not.toBe(cookie);
    expect(response.headers.get('x-middleware-request-x-auth-path')).toBe('/dashboard?a=b');
    expect(response.headers.get('x-middleware-override-headers')?.split(',')).toEqual(
      expect.arrayContaining(['cookie', 'x-auth-path']),
    );
    expect(response.headers.get('vary')).toBe('Accept-Language, Cookie');
  }
});

test("shows base path and locales to the application's proxy", async () => {
  const { options } = await setUp({ baseUrl: `${baseUrl}/shop` });
  const nextConfig = { basePath: '/shop', i18n: { locales: ['en', 'de'], defaultLocale: 'en' } };
  const urlParts: string[] = [];
  await createAuth(options).proxy(new NextRequest(`${baseUrl}/shop/de/items`, { nextConfig }), {
    respond({ nextUrl }) {
      urlParts.push(nextUrl.basePath, nextUrl.locale, nextUrl.pathname);
      return NextResponse.next();
    },
  });
  expect(urlParts).toEqual(['/shop', 'de', '/items']);
});

test('returns after login to the page in the same locale', async () => {
  const { options } = await setUp({ baseUrl: `${baseUrl}/shop` });
  const { proxy } = createAuth(options);
  const nextConfig = { basePath: '/shop', i18n: { locales: ['en', 'de'], defaultLocale: 'en' } };
  for (const [path, wanted] of [
    ['/shop/de/dashboard?tab=1', '/shop/de/dashboard?tab=1'],
    ['/shop/dashboard?tab=1', '/shop/dashboard?tab=1'],
    ['/shop/en/dashboard', '/shop/dashboard'],
  ] as const) {
    const localizedRequest = new NextRequest(baseUrl + path, { nextConfig });
    const { headers } = await proxy(localizedRequest, { protect });
    expect(new URL(headers.get('location') ?? '').searchParams.get('returnTo'), path).toBe(wanted);
  }
});

test('replaces a page path that the client has sent', async () => {
  const { auth, cookie } = await setUpLogin();
  const response = await auth.proxy(
    request('/dashboard', { cookie, 'x-auth-path': 'https://evil.example' }),
    {
      protect,
    },
  );
  expect(response.headers.get('x-middleware-request-x-auth-path')).toBe('/dashboard');
});

test('passes the page path on only if the page may redirect to the login', async () => {
  const { server, auth, cookie } = await setUpLogin();
  const open = (headers: Record<string, string>) => auth.proxy(request('/items?page=2', headers));
  const ready = await open({ cookie });
  expect(ready.headers.get('x-middleware-next')).toBe('1');
  expect(ready.headers.has('x-middleware-override-headers')).toBe(false);
  const anonymous = await open({});
  expect(anonymous.headers.get('x-middleware-request-x-auth-path')).toBe('/items?page=2');
  server.fail('token', { status: 503 });
  server.clock.advance(3_601);
  const withoutToken = await open({ cookie });
  expect(withoutToken.headers.get('x-middleware-request-x-auth-path')).toBe('/items?page=2');
});

test('S62: marks responses to signed-in users as private, unless the application declares the path cacheable', async () => {
  const { auth, cookie } = await setUpLogin();
  const respond = () => NextResponse.next({ headers: { 'cache-control': 'public, max-age=60' } });
  const cacheablePaths = ['/news'];
  const cases = [
    ['/', {}, 'private, no-store', 'Cookie'],
    ['/dashboard', { protect }, 'private, no-store', 'Cookie'],
    ['/dashboard', { protect, respond }, 'public, max-age=60', 'Cookie'],
    ['/news/today', { cacheablePaths }, null, null],
    ['/newspaper', { cacheablePaths }, 'private, no-store', 'Cookie'],
    ['/news/today', { cacheablePaths, protect: ['/news'] }, 'private, no-store', 'Cookie'],
    ['/_next/static/a.js', {}, null, null],
  ] as const;
  for (const [path, options, cacheControl, vary] of cases) {
    const { headers } = await auth.proxy(request(path, { cookie }), options);
    expect([headers.get('cache-control'), headers.get('vary')], path).toEqual([cacheControl, vary]);
  }
  const anonymous = await auth.proxy(request('/'));
  expect(anonymous.headers.get('cache-control')).toBeNull();
});

test.each([
  ['protect', { protect: throwError }],
  ['respond', { protect, respond: throwError }],
  ['onUnauthenticated', { protect, onUnauthenticated: throwError }],
] as const)('S64: denies access and sets the cookie of a refresh if %s throws', async (option, options) => {
  const { server, auth, cookie } = await setUpLogin();
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  server.clock.advance(3_610);
  const headers = option === 'onUnauthenticated' ? {} : { cookie };
  const response = await auth.proxy(request('/dashboard', headers), options);
  expect(response.status).toBe(500);
  expect(response.headers.get('x-middleware-next')).toBeNull();
  expect(response.headers.get('cache-control')).toBe('private, no-store');
  expect(response.headers.getSetCookie()).toHaveLength(option === 'respond' ? 1 : 0);
  expect(log).toHaveBeenCalledTimes(1);
  expect(log.mock.lastCall?.[0]).toMatch(/^countersign: proxy: 500 unexpected_error: TypeError\n +at /);
  expect(log.mock.lastCall?.[0]).not.toContain('text of the application');
});

function throwError(): never {
  throw new TypeError('text of the application');
}

test('S64: denies access to all paths if the options are invalid', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  for (const path of ['/', '/dashboard']) {
    const response = await createAuth({ environment: {} }).proxy(request(path), { protect });
    expect(response.status).toBe(500);
  }
  expect(log).toHaveBeenCalledTimes(2);
});

test('S64: responds with 503 on protected paths while the store is unavailable, and redirects no user to the login', async () => {
  const store = createMemorySessionStore();
  const { server, options } = await setUp({ store });
  const auth = createAuth(options);
  const cookie = await logIn(auth.handlers, server);
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.spyOn(store, 'get').mockRejectedValue(new Error('away'));
  const rejection = await auth.proxy(request('/dashboard', { cookie, accept: 'text/html' }), { protect });
  expect(rejection.status).toBe(503);
  expect(rejection.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(rejection.headers.getSetCookie()).toEqual([]);
  expect(await rejection.text()).toContain('store_unavailable');
  expect(log).toHaveBeenCalledTimes(1);
  const publicResponse = await auth.proxy(request('/', { cookie }), { protect });
  expect(publicResponse.headers.get('x-middleware-next')).toBe('1');
  expect(publicResponse.headers.get('cache-control')).toBe('private, no-store');
  expect(publicResponse.headers.getSetCookie()).toEqual([]);
});

test.each([
  ['refresh_rejected', { status: 400 }, undefined],
  [
    'interaction_required',
    { status: 400, headers: { 'content-type': 'application/json' }, body: '{"error":"consent_required"}' },
    'consent',
  ],
] as const)('leads a user to the login after %s, and keeps the session', async (code, failure, prompt) => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_601);
  server.fail('token', { ...failure, times: 99 });
  const page = await auth.proxy(request('/dashboard', { cookie }), { protect });
  expect(page.status).toBe(307);
  const login = new URL(page.headers.get('location') ?? '');
  expect(login.pathname).toBe('/auth/login');
  expect(login.searchParams.get('returnTo')).toBe('/dashboard');
  expect(login.searchParams.get('prompt') ?? undefined).toBe(prompt);
  expect(page.headers.getSetCookie()).toEqual([]);
  const handler = await auth.proxy(request('/api/items', { cookie }), { protect: ['/api'] });
  expect([handler.status, await handler.json()]).toEqual([401, { error: code }]);
  // A page that needs no session is rendered, and knows the reason.
  const publicPage = await auth.proxy(request('/', { cookie }), { protect });
  expect(publicPage.headers.get('x-middleware-next')).toBe('1');
  expect(publicPage.headers.get('x-middleware-request-x-auth-refresh-failed')).toContain(`code=${code}`);
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('does not lead a user to the login again if the last login did not help', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { server, auth, cookie } = await setUpLogin();
  const tokens = [{}];
  server.clock.advance(3_601);
  server.fail('token', { status: 400 });
  const open = (header: string) => auth.proxy(request('/dashboard', { cookie: header }), { protect, tokens });
  expect((await open(cookie)).status).toBe(307);
  server.clock.advance(1);
  server.faults.add('expires_in_zero');
  const next = await logIn(auth.handlers, server);
  server.fail('token', { status: 400 });
  const response = await open(next);
  expect(response.headers.get('x-middleware-next')).toBe('1');
  expect(response.headers.get('x-middleware-request-x-auth-refresh-failed')).toContain('code=token_error');
});

test('removes the state of a logout from the page to which the provider redirects', async () => {
  const { auth, cookie } = await setUpLogin();
  const headers = { cookie, origin: baseUrl };
  const loggedOut = await auth.handlers.POST(
    new Request(`${baseUrl}/auth/logout`, { method: 'POST', headers }),
  );
  const state = new URL(loggedOut.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const [stateCookie = ''] = loggedOut.headers.getSetCookie().filter((line) => line.includes(state));
  const back = await auth.proxy(request(`/?state=${state}`, { cookie: stateCookie.split(';')[0] ?? '' }));
  expect([back.status, back.headers.get('location')]).toEqual([303, `${baseUrl}/`]);
  expect(back.headers.getSetCookie().join()).toMatch(/session\.logout=;.*Max-Age=0/);
  const other = await auth.proxy(request('/?state=open', { cookie: stateCookie.split(';')[0] ?? '' }));
  expect(other.headers.get('x-middleware-next')).toBe('1');
});

test.each(['//evil.example/a', '/\\evil.example/a', '//evil.example', '/%5C/../%5Cevil.example'])(
  'S2: the error page of a request for %j leads to no other site',
  async (path) => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const store = { ...createMemorySessionStore(), get: () => Promise.reject(new Error('unavailable')) };
    const { options } = await setUp({ store });
    const auth = createAuth(options);
    const headers = { cookie: `__Host-session=${'x'.repeat(43)}`, accept: 'text/html' };
    const response = await auth.proxy(request(path, headers), { protect: ['/'] });
    expect(response.status).toBe(503);
    for (const [, href = ''] of (await response.text()).matchAll(/href="([^"]*)"/g))
      expect(new URL(href, baseUrl).origin).toBe(baseUrl);
  },
);

test('redirects to the error page of the application by a URL, which Next requires', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const store = { ...createMemorySessionStore(), get: () => Promise.reject(new Error('unavailable')) };
  const { options } = await setUp({ store, pages: { error: '/sorry' } });
  const auth = createAuth(options);
  const headers = { cookie: `__Host-session=${'x'.repeat(43)}`, accept: 'text/html' };
  const response = await auth.proxy(request('/dashboard?page=2', headers), { protect });
  const query = new URLSearchParams({ code: 'store_unavailable', returnTo: '/dashboard?page=2' });
  expect([response.status, response.headers.get('location')]).toEqual([303, `${baseUrl}/sorry?${query}`]);
  const json = await auth.proxy(request('/dashboard', { ...headers, accept: 'application/json' }), {
    protect,
  });
  expect(json.status).toBe(503);
});
