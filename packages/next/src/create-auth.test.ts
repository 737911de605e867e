import { createServer } from 'node:http';
import { createMemorySessionStore } from '@countersign/core/session';
import { NextRequest } from 'next/server.js';
import { afterEach, expect, test, vi } from 'vitest';
import { baseUrl, logIn, setUp, toCookieHeader } from '../tests/support/app.ts';
import { runInNext } from '../tests/support/run-in-next.ts';
import { createAuth } from './create-auth.ts';
import { createTestSession } from './testing/index.ts';

afterEach(() => vi.restoreAllMocks());

/** Returns the log entry of a request that fails with 500. */
async function readLog(send: () => Promise<Response>): Promise<string> {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const response = await send();
  expect(response.status).toBe(500);
  expect(response.headers.get('cache-control')).toBe('private, no-store');
  expect(log).toHaveBeenCalledTimes(1);
  return String(log.mock.lastCall?.[0]);
}

test('reports all missing options in one error', async () => {
  const auth = createAuth({ environment: { AUTH_CLIENT_ID: 'web' } });
  expect(await readLog(() => auth.handlers.GET(new Request(baseUrl)))).toContain(
    'Login is not configured. Set AUTH_ISSUER (or createAuth({ issuer })), AUTH_SECRET (or createAuth({ secret })), AUTH_BASE_URL (or createAuth({ baseUrl })).',
  );
});

test('reads all options from the environment', async () => {
  const { server, options } = await setUp();
  const auth = createAuth({
    fetch: options.fetch!,
    now: options.now!,
    environment: {
      AUTH_ISSUER: server.issuer,
      AUTH_CLIENT_ID: 'web',
      AUTH_CLIENT_SECRET: 'web-secret',
      AUTH_SECRET: `${'n'.repeat(32)}, ${'o'.repeat(32)}`,
      AUTH_BASE_URL: baseUrl,
      AUTH_SCOPE: 'openid email',
      AUTH_RESOURCE: 'https://api.example.test',
    },
  });
  const login = await auth.handlers.GET(new Request(`${baseUrl}/auth/login`));
  const { searchParams } = new URL(login.headers.get('location') ?? '');
  expect(Object.fromEntries(searchParams)).toMatchObject({
    client_id: 'web',
    scope: 'openid email offline_access',
    resource: 'https://api.example.test',
  });
});

test('does not read the environment before the first request: a build needs no variables', () => {
  expect(() => createAuth({ environment: {} })).not.toThrow();
});

test("selects the address with the request's host, and trusts no other host", async () => {
  const { options } = await setUp({
    baseUrl: [baseUrl, 'https://*.preview.example.test', 'https://second.example.test'],
  });
  const redirectUri = async (headers: Record<string, string>, trustProxy = false) => {
    const { handlers } = createAuth({ ...options, trustProxy });
    const login = await handlers.GET(new Request(`${baseUrl}/auth/login`, { headers }));
    return new URL(login.headers.get('location') ?? '').searchParams.get('redirect_uri');
  };
  expect(await redirectUri({ host: 'second.example.test' })).toBe(
    'https://second.example.test/auth/callback',
  );
  expect(await redirectUri({ host: 'pr-7.preview.example.test' })).toBe(
    'https://pr-7.preview.example.test/auth/callback',
  );
  for (const host of [
    'evil.example',
    'preview.example.test',
    'a.b.preview.example.test',
    // Longer than the suffix, with other characters in the place of the suffix.
    'evil-site-that-only-has-a-long-name.example',
    'evil-preview.example.test',
    'evil.example/.preview.example.test',
    'evil.example?.preview.example.test',
  ]) {
    expect(await redirectUri({ host }), host).toBe(`${baseUrl}/auth/callback`);
  }
  const forwarded = { host: 'internal', 'x-forwarded-host': 'second.example.test' };
  expect(await redirectUri(forwarded)).toBe(`${baseUrl}/auth/callback`);
  expect(await redirectUri(forwarded, true)).toBe('https://second.example.test/auth/callback');
});

test('separates several providers of one application', async () => {
  const [first, second] = [await setUp(), await setUp()];
  const [one, two] = [createAuth(first.options), createAuth(second.options)];
  const cookie = await logIn(one.handlers, first.server);
  // Both have the same secret. A session contains its provider.
  const loginResponse = await one.handlers.GET(new Request(`${baseUrl}/auth/login`));
  const { url } = await first.server.authorize(loginResponse.headers.get('location') ?? '');
  const otherResponse = await two.handlers.GET(
    new Request(url, { headers: { cookie: toCookieHeader(loginResponse) } }),
  );
  expect(otherResponse.status).toBe(400);
  expect((await runInNext({ cookie }, () => two.getSession())).result).toBeUndefined();
});

test('selects the options by the host, and rejects an unknown host', async () => {
  const [blue, green] = [await setUp(), await setUp()];
  const auth = createAuth(
    (host) => ({ 'blue.example.test': blue.options, 'green.example.test': green.options })[host],
  );
  for (const [host, { server }] of [
    ['blue.example.test', blue],
    ['green.example.test', green],
  ] as const) {
    const login = await auth.handlers.GET(new Request(`${baseUrl}/auth/login`, { headers: { host } }));
    expect(login.headers.get('location')).toContain(server.issuer);
  }
  const send = () => auth.handlers.GET(new Request(baseUrl, { headers: { host: 'red.example.test' } }));
  expect(await readLog(send)).toContain('No options');
});

test('selects the options by X-Forwarded-Host only behind a trusted proxy', async () => {
  const [blue, green] = [await setUp(), await setUp()];
  const findOptions = (host: string) =>
    ({ 'blue.example.test': blue.options, 'green.example.test': green.options })[host];
  const findIssuer = async (headers: Record<string, string>, trustProxy?: boolean) => {
    const auth = createAuth(findOptions, trustProxy === undefined ? {} : { trustProxy });
    const login = await auth.handlers.GET(new Request(`${baseUrl}/auth/login`, { headers }));
    if (login.status >= 400) return login.status;
    return new URL(login.headers.get('location') ?? '').origin;
  };
  const forwarded = (host: string) => ({ host: 'blue.example.test', 'x-forwarded-host': host });
  for (const trustProxy of [undefined, false])
    expect(await findIssuer(forwarded('green.example.test'), trustProxy)).toBe(blue.server.issuer);
  expect(await findIssuer(forwarded('green.example.test'), true)).toBe(green.server.issuer);
  // The proxy appends its value to the value that the client has sent.
  expect(await findIssuer(forwarded('green.example.test, blue.example.test'), true)).toBe(blue.server.issuer);
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(await findIssuer(forwarded('red.example.test'), true)).toBe(500);
  expect(log.mock.lastCall?.[0]).toContain('No options');
});

test('rejects trustProxy in the options of a host', async () => {
  const { options } = await setUp();
  const { handlers } = createAuth(() => ({ ...options, trustProxy: true }));
  expect(await readLog(() => handlers.GET(new Request(baseUrl)))).toContain('beside the function');
});

test('S62: responds to an unknown auth path with a 404 response that no cache stores', async () => {
  const { options } = await setUp();
  const { handlers } = createAuth(options);
  const response = await handlers.GET(new Request(`${baseUrl}/auth/unknown`));
  expect(response.status).toBe(404);
  expect(response.headers.get('cache-control')).toBe('private, no-store');
  expect(response.headers.get('vary')).toBe('Cookie');
});

test("S14: prefetches of Next's router start no login, and responses to its other requests make it navigate", async () => {
  const { options } = await setUp();
  const { handlers } = createAuth(options);
  const cases = [
    ['next-router-prefetch', 204],
    ['next-router-segment-prefetch', 204],
    ['rsc', 200],
  ] as const;
  for (const [header, status] of cases) {
    const headers = { [header]: '1' };
    const response = await handlers.GET(new Request(`${baseUrl}/auth/login`, { headers }));
    expect(response.status, header).toBe(status);
    expect(response.headers.getSetCookie()).toEqual([]);
  }
});

test('responds with Retry-After while the provider is unavailable, and writes a log entry', async () => {
  const { server, options } = await setUp({ retries: 0 });
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  server.fail('discovery', { status: 503, headers: { 'retry-after': '17' } });
  const response = await createAuth(options).handlers.GET(new Request(`${baseUrl}/auth/login`));
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('17');
  expect(log).toHaveBeenCalledTimes(1);
  expect(log.mock.lastCall?.[0]).toMatch(/^countersign: login: 503 server_error: /);
});

test('finds the routes with a base path, whether or not the URL contains it', async () => {
  const { options } = await setUp({ baseUrl: `${baseUrl}/shop` });
  const { handlers } = createAuth(options);
  for (const path of ['/shop/auth/session', '/auth/session']) {
    expect(await (await handlers.GET(new Request(baseUrl + path))).json()).toEqual({ session: null });
  }
  expect((await handlers.GET(new Request(`${baseUrl}/shop/auth/other`))).status).toBe(404);
  const deeper = createAuth({ ...options, routes: '/api/auth' });
  const session = await deeper.handlers.GET(new Request(`${baseUrl}/api/auth/session`));
  expect(await session.json()).toEqual({ session: null });
});

test('accepts a test session like the session of a login', async () => {
  const { options } = await setUp({ resource: 'https://api.example.test' });
  const auth = createAuth(options);
  const { header, cookies } = await createTestSession(options, { user: { sub: 'carol', name: 'Carol' } });
  const { result } = await runInNext({ cookie: header }, () => auth.getSession());
  expect(result?.user).toMatchObject({ sub: 'carol', name: 'Carol', iss: options.issuer });
  const request = new NextRequest(`${baseUrl}/orders`, { headers: { cookie: header } });
  expect((await auth.proxy(request, { protect: ['/orders'] })).headers.get('x-middleware-next')).toBe('1');
  const token = await runInNext({ cookie: header }, () => auth.getAccessToken());
  expect(token.result.accessToken).toBe('test-access-token');
  expect(cookies).toEqual([
    expect.objectContaining({ name: '__Host-session', url: baseUrl, secure: true, sameSite: 'Lax' }),
  ]);
});

test('provides the same functions and the routes to the Pages Router', async () => {
  const { server, options } = await setUp({ routes: '/api/auth' });
  const auth = createAuth(options);
  const cookie = await logIn(auth.handlers, server, '/api/auth/login');
  const http = createServer(async (req, res) => {
    if (req.url?.startsWith('/api/auth/')) return auth.apiHandler(req, res);
    const { getSession, getAccessToken } = auth.pages({ req, res });
    await getAccessToken();
    res.end((await getSession())?.user.sub);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as { port: number };
  server.clock.advance(3_590);
  const page = await fetch(`http://127.0.0.1:${port}/page`, { headers: { cookie } });
  expect(await page.text()).toBe('alice');
  expect(page.headers.getSetCookie()).toHaveLength(1);
  expect(page.headers.get('cache-control')).toContain('no-store');
  const session = await fetch(`http://127.0.0.1:${port}/api/auth/session`, { headers: { cookie } });
  expect((await session.json()).session.user.sub).toBe('alice');
  http.close();
});

test('combines a refresh and a change in one response of the Pages Router', async () => {
  const { server, options } = await setUp();
  const auth = createAuth(options);
  const cookie = await logIn(auth.handlers, server);
  const http = createServer(async (req, res) => {
    res.appendHeader('set-cookie', 'theme=dark');
    await auth.pages({ req, res }).getAccessToken();
    const { updateSession, getAccessToken } = auth.pages({ req, res });
    await updateSession((data) => ({ ...data, visits: 1 }));
    res.end((await getAccessToken()).accessToken);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as { port: number };
  server.clock.advance(3_610);
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } });
  http.close();
  expect(response.headers.getSetCookie()).toEqual(['theme=dark', expect.stringMatching(/^__Host-session=/)]);
  const stored = await runInNext({ cookie: toCookieHeader(response), phase: 'action' }, async () => ({
    token: (await auth.getAccessToken()).accessToken,
    data: (await auth.getSession())?.data,
  }));
  expect(stored.result).toEqual({ token: await response.text(), data: { visits: 1 } });
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('does not spend a refresh token in the Pages Router after the headers were sent', async () => {
  const { server, options } = await setUp();
  const auth = createAuth(options);
  const cookie = await logIn(auth.handlers, server);
  const http = createServer(async (req, res) => {
    await auth.pages({ req, res }).getSession();
    res.flushHeaders();
    const error: unknown = await auth
      .pages({ req, res })
      .getAccessToken()
      .catch((thrown: unknown) => thrown);
    res.end((error as { code?: string }).code);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as { port: number };
  server.clock.advance(3_610);
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } });
  expect(await response.text()).toBe('wrong_context');
  http.close();
  expect(server.requestsTo('token')).toHaveLength(1);
});

test('rejects sessions in memory on the edge runtime, because it shares no memory with pages', async () => {
  vi.stubGlobal('EdgeRuntime', 'edge-runtime');
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { options } = await setUp({ store: createMemorySessionStore() });
  const auth = createAuth(options);
  const responses = [
    await auth.proxy(new NextRequest(`${baseUrl}/dashboard`)),
    await auth.handlers.GET(new Request(`${baseUrl}/auth/login`)),
  ];
  for (const { status } of responses) expect(status).toBe(500);
  await expect(runInNext({}, () => auth.getSession())).rejects.toMatchObject({ code: 'invalid_option' });
  expect(log).toHaveBeenCalledTimes(2);
  for (const [text] of log.mock.calls) expect(text).toContain('runtime: "nodejs"');
  const { store, ...cookieOptions } = options;
  const response = await createAuth(cookieOptions).handlers.GET(new Request(`${baseUrl}/auth/login`));
  expect(response.status).toBe(303);
  vi.unstubAllGlobals();
});
