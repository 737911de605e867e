import { createMemorySessionStore } from '@countersign/core/session';
import { NextRequest, NextResponse } from 'next/server.js';
import { afterEach, expect, test, vi } from 'vitest';
import { createAuth } from '../src/create-auth.ts';
import { baseUrl, createProxyRequest, setUp, setUpLogin } from './support/app.ts';

const protect = ['/dashboard'];

afterEach(() => vi.restoreAllMocks());

test("retains the headers, cookies and rewrites of the application's proxy", async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_590);
  const cookieHeaders: (string | null)[] = [];
  const response = await auth.proxy(createProxyRequest('/dashboard', { cookie }), {
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
  const redirect = await auth.proxy(createProxyRequest('/dashboard', { cookie }), {
    respond: () => NextResponse.redirect(`${baseUrl}/new`),
  });
  expect(redirect.headers.get('location')).toBe(`${baseUrl}/new`);
  expect(redirect.headers.getSetCookie()).toHaveLength(1);
});

test.each([
  ['is not refreshed', 0],
  ['is refreshed', 3_590],
  ['cannot be refreshed', 3_700],
])("keeps the cookies that the application's proxy changes while the session %s", async (_, seconds) => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(seconds);
  if (seconds === 3_700) server.fail('token', { status: 503, times: 99 });
  const list = (header = '') => header.split('; ').filter((pair) => !pair.startsWith('__Host-session.'));
  const run = async (respond: (inner: NextRequest, sent: NextRequest) => Response) => {
    const sent = createProxyRequest('/dashboard', { cookie: `locale=en; theme=dark; ${cookie}` });
    const { headers } = await auth.proxy(sent, { protect, respond: (inner) => respond(inner, sent) });
    // Next removes the headers that the list does not contain.
    const isListed = headers.get('x-middleware-override-headers')?.split(',').includes('cookie');
    return isListed ? list(headers.get('x-middleware-request-cookie') ?? '').toSorted() : undefined;
  };
  const pass = ({ headers }: NextRequest) => NextResponse.next({ request: { headers } });
  const change = (request: NextRequest) => {
    request.cookies.set('locale', 'de');
    request.cookies.delete('theme');
    return pass(request);
  };
  const unchanged = await run((inner) => pass(inner));
  const session = unchanged?.[0] ?? '';
  expect(unchanged).toEqual([session, 'locale=en', 'theme=dark']);
  expect(list(cookie).includes(session)).toBe(seconds !== 3_590);
  expect(await run(change)).toEqual([session, 'locale=de']);
  // The request that the proxy received has the previous session.
  expect(await run((__, sent) => change(sent))).toEqual([session, 'locale=de']);
  const removed = await run((inner) => {
    inner.cookies.delete('__Host-session');
    return pass(inner);
  });
  expect(removed).toEqual(['locale=en', 'theme=dark']);
  const without = await run((inner) => {
    const headers = new Headers(inner.headers);
    headers.delete('cookie');
    return NextResponse.next({ request: { headers } });
  });
  expect(without).toBeUndefined();
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
    const response = await auth.proxy(createProxyRequest('/dashboard?a=b', { cookie }), {
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

test("passes the base path and the locales to the application's proxy", async () => {
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
    createProxyRequest('/dashboard', { cookie, 'x-auth-path': 'https://evil.example' }),
    {
      protect,
    },
  );
  expect(response.headers.get('x-middleware-request-x-auth-path')).toBe('/dashboard');
});

test('passes the page path only if the page may redirect to the login', async () => {
  const { server, auth, cookie } = await setUpLogin();
  const open = (headers: Record<string, string>) => auth.proxy(createProxyRequest('/items?page=2', headers));
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
    const { headers } = await auth.proxy(createProxyRequest(path, { cookie }), options);
    expect([headers.get('cache-control'), headers.get('vary')], path).toEqual([cacheControl, vary]);
  }
  const anonymous = await auth.proxy(createProxyRequest('/'));
  expect(anonymous.headers.get('cache-control')).toBeNull();
});

test('removes the state of a logout from the page to which the provider redirects', async () => {
  const { auth, cookie } = await setUpLogin();
  const headers = { cookie, origin: baseUrl };
  const loggedOut = await auth.handlers.POST(
    new Request(`${baseUrl}/auth/logout`, { method: 'POST', headers }),
  );
  const state = new URL(loggedOut.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const [stateCookie = ''] = loggedOut.headers.getSetCookie().filter((line) => line.includes(state));
  const back = await auth.proxy(
    createProxyRequest(`/?state=${state}`, { cookie: stateCookie.split(';')[0] ?? '' }),
  );
  expect([back.status, back.headers.get('location')]).toEqual([303, `${baseUrl}/`]);
  expect(back.headers.getSetCookie().join()).toMatch(/session\.logout=;.*Max-Age=0/);
  const other = await auth.proxy(
    createProxyRequest('/?state=open', { cookie: stateCookie.split(';')[0] ?? '' }),
  );
  expect(other.headers.get('x-middleware-next')).toBe('1');
});

test('redirects to the error page of the application by a URL, because Next requires a URL', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const store = { ...createMemorySessionStore(), get: () => Promise.reject(new Error('unavailable')) };
  const { options } = await setUp({ store, pages: { error: '/sorry' } });
  const auth = createAuth(options);
  const headers = { cookie: `__Host-session=${'x'.repeat(43)}`, accept: 'text/html' };
  const response = await auth.proxy(createProxyRequest('/dashboard?page=2', headers), { protect });
  const query = new URLSearchParams({ code: 'store_unavailable', returnTo: '/dashboard?page=2' });
  expect([response.status, response.headers.get('location')]).toEqual([303, `${baseUrl}/sorry?${query}`]);
  const json = await auth.proxy(
    createProxyRequest('/dashboard', { ...headers, accept: 'application/json' }),
    {
      protect,
    },
  );
  expect(json.status).toBe(503);
});
