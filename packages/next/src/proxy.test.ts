import { createMemorySessionStore } from '@countersign/core/session';
import { NextRequest, NextResponse } from 'next/server.js';
import { afterEach, expect, test, vi } from 'vitest';
import { baseUrl, logIn, setUp } from '../tests/app.ts';
import { createAuth } from './create-auth.ts';

const protect = ['/dashboard'];

afterEach(() => vi.restoreAllMocks());

async function signedIn() {
  const { server, options } = await setUp();
  const auth = createAuth(options);
  return { server, auth, cookie: await logIn(auth.handlers, server) };
}

const request = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new NextRequest(baseUrl + path, { headers, method });

test('who is not signed in is sent to the login, and the rest passes', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const asked = await auth.proxy(request('/dashboard/items?page=2'), { protect });
  expect(asked.status).toBe(307);
  const location = new URL(asked.headers.get('location') ?? '');
  expect(location.pathname).toBe('/auth/login');
  expect(location.searchParams.get('returnTo')).toBe('/dashboard/items?page=2');
  for (const path of ['/', '/dashboards', '/about', '/auth/login']) {
    expect((await auth.proxy(request(path), { protect })).headers.get('x-middleware-next'), path).toBe('1');
  }
});

test('paths are compared by segments, decoded and without doubled slashes', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  for (const path of ['/dashboard', '/dashboard/', '/%64ashboard', '//dashboard', '/dashboard//x']) {
    expect((await auth.proxy(request(path), { protect })).status, path).toBe(307);
  }
  const options2 = { protect, publicPaths: ['/dashboard/public'] };
  expect((await auth.proxy(request('/dashboard/public/x'), options2)).status).toBe(200);
  expect((await auth.proxy(request('/dashboard/publicity'), options2)).status).toBe(307);
});

test('what cannot follow to a login page gets an answer that it can use', async () => {
  const { options } = await setUp();
  const auth = createAuth(options);
  const all = { protect: ['/dashboard', '/api'] };
  expect((await auth.proxy(request('/api/items'), all)).status).toBe(401);
  expect((await auth.proxy(request('/dashboard', {}, 'POST'), all)).status).toBe(401);
  const form = await auth.proxy(request('/dashboard', { 'sec-fetch-mode': 'navigate' }, 'POST'), all);
  expect(form.status).toBe(303);
  const action = await auth.proxy(request('/dashboard', { 'next-action': 'id' }, 'POST'), all);
  expect(action.headers.get('x-action-redirect')).toBe('/auth/login?returnTo=%2Fdashboard;push');
  const own = await auth.proxy(request('/dashboard'), {
    protect,
    onUnauthenticated: () => new Response('own', { status: 418 }),
  });
  expect(own.status).toBe(418);
});

test('a token near its end is renewed, for the browser and for this very request', async () => {
  const { server, auth, cookie } = await signedIn();
  const early = await auth.proxy(request('/dashboard', { cookie }), { protect });
  expect(early.headers.getSetCookie()).toEqual([]);
  server.clock.advance(3_590);
  const late = await auth.proxy(request('/dashboard', { cookie: `${cookie}; theme=dark` }), { protect });
  expect(late.headers.get('x-middleware-next')).toBe('1');
  const [line = ''] = late.headers.getSetCookie();
  const fresh = line.split(';')[0] ?? '';
  expect(fresh).toContain('__Host-session=');
  expect(fresh).not.toBe(cookie);
  expect(late.headers.get('x-middleware-request-cookie')).toBe(`theme=dark; ${fresh}`);
  expect(late.headers.get('cache-control')).toBe('private, no-store');
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('a session that the provider has ended is removed, here and in the browser', async () => {
  const { server, auth, cookie } = await signedIn();
  server.endGrants();
  server.clock.advance(3_590);
  const answer = await auth.proxy(request('/dashboard', { cookie }), { protect });
  expect(answer.status).toBe(307);
  expect(answer.headers.getSetCookie().join()).toMatch(/__Host-session=; Max-Age=0/);
});

test('a provider that is not well does not keep anybody from a page', async () => {
  const { server, auth, cookie } = await signedIn();
  server.clock.advance(3_700);
  server.fail('token', { status: 503 });
  const answer = await auth.proxy(request('/dashboard', { cookie }), { protect });
  expect(answer.headers.get('x-middleware-next')).toBe('1');
  expect(answer.headers.getSetCookie()).toEqual([]);
});

test('it works together with a proxy of your own: headers, cookies and rewrites are kept', async () => {
  const { server, auth, cookie } = await signedIn();
  server.clock.advance(3_590);
  const seen: (string | null)[] = [];
  const answer = await auth.proxy(request('/dashboard', { cookie }), {
    protect,
    respond: (inner) => {
      seen.push(inner.headers.get('cookie'));
      const headers = new Headers(inner.headers);
      headers.set('x-locale', 'de');
      const response = NextResponse.rewrite(new URL('/de/dashboard', inner.url), { request: { headers } });
      response.cookies.set('locale', 'de');
      return response;
    },
  });
  expect(answer.headers.get('x-middleware-rewrite')).toBe(`${baseUrl}/de/dashboard`);
  expect(answer.headers.get('x-middleware-request-x-locale')).toBe('de');
  expect(answer.headers.get('x-middleware-request-cookie')).toContain('__Host-session=');
  expect(answer.headers.get('x-middleware-override-headers')?.split(',')).toEqual(
    expect.arrayContaining(['cookie', 'x-locale']),
  );
  expect(answer.headers.getSetCookie().map((line) => line.split('=')[0])).toEqual([
    'locale',
    '__Host-session',
  ]);
  expect(seen[0]).not.toContain(cookie);
  const redirected = await auth.proxy(request('/dashboard', { cookie }), {
    respond: () => NextResponse.redirect(`${baseUrl}/new`),
  });
  expect(redirected.headers.get('location')).toBe(`${baseUrl}/new`);
  expect(redirected.headers.getSetCookie()).toHaveLength(1);
});

test('what a proxy of your own answers reaches the page with the fresh session, whatever headers it was made of', async () => {
  const { server, auth, cookie } = await signedIn();
  server.clock.advance(3_590);
  const stale = new Headers({ cookie, 'x-locale': 'de' });
  for (const response of [
    NextResponse.next({ request: { headers: stale } }),
    NextResponse.rewrite(`${baseUrl}/de/dashboard`),
  ]) {
    response.headers.set('vary', 'Accept-Language');
    const answer = await auth.proxy(request('/dashboard?a=b', { cookie }), { respond: () => response });
    const handedOn = answer.headers.get('x-middleware-request-cookie');
    expect(handedOn).toContain('__Host-session=');
    expect(handedOn).not.toBe(cookie);
    expect(answer.headers.get('x-middleware-request-x-auth-path')).toBe('/dashboard?a=b');
    expect(answer.headers.get('x-middleware-override-headers')?.split(',')).toEqual(
      expect.arrayContaining(['cookie', 'x-auth-path']),
    );
    expect(answer.headers.get('vary')).toBe('Accept-Language, Cookie');
  }
});

test('a proxy of your own sees base path and languages as without this one', async () => {
  const { options } = await setUp({ baseUrl: `${baseUrl}/shop` });
  const nextConfig = { basePath: '/shop', i18n: { locales: ['en', 'de'], defaultLocale: 'en' } };
  const seen: string[] = [];
  await createAuth(options).proxy(new NextRequest(`${baseUrl}/shop/de/items`, { nextConfig }), {
    respond({ nextUrl }) {
      seen.push(nextUrl.basePath, nextUrl.locale, nextUrl.pathname);
      return NextResponse.next();
    },
  });
  expect(seen).toEqual(['/shop', 'de', '/items']);
});

test('who comes to a page in another language comes back to it in that language', async () => {
  const { options } = await setUp({ baseUrl: `${baseUrl}/shop` });
  const { proxy } = createAuth(options);
  const nextConfig = { basePath: '/shop', i18n: { locales: ['en', 'de'], defaultLocale: 'en' } };
  for (const [path, wanted] of [
    ['/shop/de/dashboard?tab=1', '/shop/de/dashboard?tab=1'],
    ['/shop/dashboard?tab=1', '/shop/dashboard?tab=1'],
    ['/shop/en/dashboard', '/shop/dashboard'],
  ] as const) {
    const asked = new NextRequest(baseUrl + path, { nextConfig });
    const { headers } = await proxy(asked, { protect });
    expect(new URL(headers.get('location') ?? '').searchParams.get('returnTo'), path).toBe(wanted);
  }
});

test('a request cannot say itself which page it is for', async () => {
  const { auth, cookie } = await signedIn();
  const answer = await auth.proxy(request('/dashboard', { cookie, 'x-auth-path': 'https://evil.example' }), {
    protect,
  });
  expect(answer.headers.get('x-middleware-request-x-auth-path')).toBe('/dashboard');
});

test('a request with a session and its tokens passes as it is; a page that may lead to the login is told where it is', async () => {
  const { server, auth, cookie } = await signedIn();
  const open = (headers: Record<string, string>) => auth.proxy(request('/items?page=2', headers));
  const ready = await open({ cookie });
  expect(ready.headers.get('x-middleware-next')).toBe('1');
  expect(ready.headers.has('x-middleware-override-headers')).toBe(false);
  const nobody = await open({});
  expect(nobody.headers.get('x-middleware-request-x-auth-path')).toBe('/items?page=2');
  server.fail('token', { status: 503 });
  server.clock.advance(3_601);
  const withoutToken = await open({ cookie });
  expect(withoutToken.headers.get('x-middleware-request-x-auth-path')).toBe('/items?page=2');
});

test('S62: what passes the proxy for a signed-in user is not for shared caches, unless the application says so', async () => {
  const { auth, cookie } = await signedIn();
  const own = () => NextResponse.next({ headers: { 'cache-control': 'public, max-age=60' } });
  const cacheablePaths = ['/news'];
  const cases = [
    ['/', {}, 'private, no-store', 'Cookie'],
    ['/dashboard', { protect }, 'private, no-store', 'Cookie'],
    ['/dashboard', { protect, respond: own }, 'public, max-age=60', 'Cookie'],
    ['/news/today', { cacheablePaths }, null, null],
    ['/newspaper', { cacheablePaths }, 'private, no-store', 'Cookie'],
    ['/news/today', { cacheablePaths, protect: ['/news'] }, 'private, no-store', 'Cookie'],
    ['/_next/static/a.js', {}, null, null],
  ] as const;
  for (const [path, options, cacheControl, vary] of cases) {
    const { headers } = await auth.proxy(request(path, { cookie }), options);
    expect([headers.get('cache-control'), headers.get('vary')], path).toEqual([cacheControl, vary]);
  }
  const stranger = await auth.proxy(request('/'));
  expect(stranger.headers.get('cache-control')).toBeNull();
});

test.each([
  ['protect', { protect: fails }],
  ['respond', { protect, respond: fails }],
  ['onUnauthenticated', { protect, onUnauthenticated: fails }],
] as const)(
  'S64: whatever %s throws, a path is not let through, and a refreshed session is kept',
  async (what, options) => {
    const { server, auth, cookie } = await signedIn();
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    server.clock.advance(3_610);
    const sent = what === 'onUnauthenticated' ? {} : { cookie };
    const answer = await auth.proxy(request('/dashboard', sent), options);
    expect(answer.status).toBe(500);
    expect(answer.headers.get('x-middleware-next')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(answer.headers.getSetCookie()).toHaveLength(what === 'respond' ? 1 : 0);
    expect(log).toHaveBeenCalledTimes(1);
    expect(log.mock.lastCall?.[0]).toMatch(/^countersign: proxy: 500 unexpected_error: TypeError\n +at /);
    expect(log.mock.lastCall?.[0]).not.toContain('text of another');
  },
);

function fails(): never {
  throw new TypeError('text of another');
}

test('S64: without usable options no path is let through', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  for (const path of ['/', '/dashboard']) {
    const answer = await createAuth({ environment: {} }).proxy(request(path), { protect });
    expect(answer.status).toBe(500);
  }
  expect(log).toHaveBeenCalledTimes(2);
});

test('S64: while the store is unavailable, protected paths are 503, other pages pass, and nobody is sent to the login', async () => {
  const store = createMemorySessionStore();
  const { server, options } = await setUp({ store });
  const auth = createAuth(options);
  const cookie = await logIn(auth.handlers, server);
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.spyOn(store, 'get').mockRejectedValue(new Error('away'));
  const refused = await auth.proxy(request('/dashboard', { cookie, accept: 'text/html' }), { protect });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(refused.headers.getSetCookie()).toEqual([]);
  expect(await refused.text()).toContain('store_unavailable');
  expect(log).toHaveBeenCalledTimes(1);
  const passed = await auth.proxy(request('/', { cookie }), { protect });
  expect(passed.headers.get('x-middleware-next')).toBe('1');
  expect(passed.headers.get('cache-control')).toBe('private, no-store');
  expect(passed.headers.getSetCookie()).toEqual([]);
});
