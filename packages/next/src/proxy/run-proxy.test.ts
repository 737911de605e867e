import { createMemorySessionStore } from '@countersign/core/session';
import { NextRequest } from 'next/server.js';
import { afterEach, expect, test, vi } from 'vitest';
import { baseUrl, createProxyRequest, logIn, setUp, setUpLogin } from '../../tests/support/app.ts';
import { createAuth } from '../create-auth.ts';

const protect = ['/dashboard'];

afterEach(() => vi.restoreAllMocks());

test('redirects users without a session to the login on protected paths only', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const response = await auth.proxy(createProxyRequest('/dashboard/items?page=2'), { protect });
  expect(response.status).toBe(307);
  const location = new URL(response.headers.get('location') ?? '');
  expect(location.pathname).toBe('/auth/login');
  expect(location.searchParams.get('returnTo')).toBe('/dashboard/items?page=2');
  for (const path of ['/', '/dashboards', '/about', '/auth/login']) {
    expect(
      (await auth.proxy(createProxyRequest(path), { protect })).headers.get('x-middleware-next'),
      path,
    ).toBe('1');
  }
});

test('compares paths by segments, decoded and without repeated slashes', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  for (const path of ['/dashboard', '/dashboard/', '/%64ashboard', '//dashboard', '/dashboard//x']) {
    expect((await auth.proxy(createProxyRequest(path), { protect })).status, path).toBe(307);
  }
  const withPublicPaths = { protect, publicPaths: ['/dashboard/public'] };
  expect((await auth.proxy(createProxyRequest('/dashboard/public/x'), withPublicPaths)).status).toBe(200);
  expect((await auth.proxy(createProxyRequest('/dashboard/publicity'), withPublicPaths)).status).toBe(307);
});

test('treats a path with a trailing slash as the same path, including the paths of the routes', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  for (const path of ['/auth/login/', '/auth/callback/', '/auth/backchannel-logout/', '/auth/session/'])
    expect(
      (await auth.proxy(createProxyRequest(path), { protect: ['/'] })).headers.get('x-middleware-next'),
      path,
    ).toBe('1');
  for (const path of ['/auth/login//', '/auth/', '/auth/other/'])
    expect((await auth.proxy(createProxyRequest(path), { protect: ['/'] })).status, path).toBe(307);
  const slashed = { protect: ['/dashboard/'], publicPaths: ['/dashboard/public/'] };
  for (const path of ['/dashboard', '/dashboard/', '/dashboard/x/'])
    expect((await auth.proxy(createProxyRequest(path), slashed)).status, path).toBe(307);
  for (const path of ['/dashboard/public', '/dashboard/public/', '/dashboard/public/x/'])
    expect((await auth.proxy(createProxyRequest(path), slashed)).status, path).toBe(200);
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

test('passes preflights without a session, and no other request', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const all = { protect: ['/api'] };
  const preflight = { origin: 'https://other.example', 'access-control-request-method': 'POST' };
  const open = (headers: Record<string, string>, method = 'OPTIONS') =>
    auth.proxy(createProxyRequest('/api/items', headers, method), all);
  expect((await open(preflight)).headers.get('x-middleware-next')).toBe('1');
  expect((await open({})).status).toBe(401);
  expect((await open({ origin: preflight.origin })).status).toBe(401);
  for (const method of ['GET', 'POST', 'DELETE'])
    expect((await open(preflight, method)).status, method).toBe(401);
});

test('passes no navigation and no incomplete preflight', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const origin = 'https://other.example';
  for (const headers of [
    { origin, 'access-control-request-method': 'GET', 'sec-fetch-mode': 'navigate' },
    { origin, 'access-control-request-method': '' },
    { origin: '', 'access-control-request-method': 'GET' },
    { 'access-control-request-method': 'GET' },
  ]) {
    const response = await auth.proxy(createProxyRequest('/dashboard', headers, 'OPTIONS'), { protect });
    expect(response.status, JSON.stringify(headers)).toBe(401);
  }
  const preflight = { origin, 'access-control-request-method': 'GET', 'sec-fetch-mode': 'cors' };
  const passed = await auth.proxy(createProxyRequest('/dashboard', preflight, 'OPTIONS'), { protect });
  expect(passed.headers.get('x-middleware-next')).toBe('1');
});

test('responds to HEAD as to GET', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const response = await auth.proxy(createProxyRequest('/dashboard', {}, 'HEAD'), { protect });
  expect([response.status, new URL(response.headers.get('location') ?? '').pathname]).toEqual([
    307,
    '/auth/login',
  ]);
  expect((await auth.proxy(createProxyRequest('/api/items', {}, 'HEAD'), { protect: ['/api'] })).status).toBe(
    401,
  );
});

test('responds to forms, actions and scripts in a way that they can handle', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const all = { protect: ['/dashboard', '/api'] };
  expect((await auth.proxy(createProxyRequest('/api/items'), all)).status).toBe(401);
  expect((await auth.proxy(createProxyRequest('/dashboard', {}, 'POST'), all)).status).toBe(401);
  const formResponse = await auth.proxy(
    createProxyRequest('/dashboard', { 'sec-fetch-mode': 'navigate' }, 'POST'),
    all,
  );
  expect(formResponse.status).toBe(303);
  const action = await auth.proxy(createProxyRequest('/dashboard', { 'next-action': 'id' }, 'POST'), all);
  expect(action.headers.get('x-action-redirect')).toBe('/auth/login?returnTo=%2Fdashboard;push');
  const custom = await auth.proxy(createProxyRequest('/dashboard'), {
    protect,
    onUnauthenticated: () => new Response('custom', { status: 418 }),
  });
  expect(custom.status).toBe(418);
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
  const response = await auth.proxy(createProxyRequest('/dashboard', headers), options);
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
    const response = await createAuth({ environment: {} }).proxy(createProxyRequest(path), { protect });
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
  const rejection = await auth.proxy(createProxyRequest('/dashboard', { cookie, accept: 'text/html' }), {
    protect,
  });
  expect(rejection.status).toBe(503);
  expect(rejection.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(rejection.headers.getSetCookie()).toEqual([]);
  expect(await rejection.text()).toContain('store_unavailable');
  expect(log).toHaveBeenCalledTimes(1);
  const publicResponse = await auth.proxy(createProxyRequest('/', { cookie }), { protect });
  expect(publicResponse.headers.get('x-middleware-next')).toBe('1');
  expect(publicResponse.headers.get('cache-control')).toBe('private, no-store');
  expect(publicResponse.headers.getSetCookie()).toEqual([]);
});

test.each(['//evil.example/a', '/\\evil.example/a', '//evil.example', '/%5C/../%5Cevil.example'])(
  'S2: the error page of a request for %j does not link to another site',
  async (path) => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const store = { ...createMemorySessionStore(), get: () => Promise.reject(new Error('unavailable')) };
    const { options } = await setUp({ store });
    const auth = createAuth(options);
    const headers = { cookie: `__Host-session=${'x'.repeat(43)}`, accept: 'text/html' };
    const response = await auth.proxy(createProxyRequest(path, headers), { protect: ['/'] });
    expect(response.status).toBe(503);
    for (const [, href = ''] of (await response.text()).matchAll(/href="([^"]*)"/g))
      expect(new URL(href, baseUrl).origin).toBe(baseUrl);
  },
);

test('S87: a protected page that "cookie.path" does not cover starts no login', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { options } = await setUp();
  const auth = createAuth({ ...options, cookie: { path: '/auth' } });
  for (const path of ['/dashboard', '/dashboard/items?page=/auth', '/authors']) {
    const response = await auth.proxy(createProxyRequest(path, { accept: 'text/html' }), { protect: ['/'] });
    expect(response.status, path).toBe(400);
    expect(await response.text()).toContain('session_cookie_missing');
  }
  expect(log.mock.calls.join()).toContain('"cookie.path" is "/auth"');
  expect((await auth.proxy(createProxyRequest('/auth/page'), { protect: ['/'] })).status).toBe(307);
  expect((await auth.proxy(createProxyRequest('/about'), { protect })).status).toBe(200);
});
