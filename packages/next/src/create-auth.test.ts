import { createServer } from 'node:http';
import { NextRequest } from 'next/server.js';
import { afterEach, expect, test, vi } from 'vitest';
import { baseUrl, logIn, pairs, setUp } from '../tests/app.ts';
import { inNext } from '../tests/request-scope.ts';
import { createAuth } from './create-auth.ts';
import { createTestSession } from './testing/index.ts';

afterEach(() => vi.restoreAllMocks());

/** What the log says of a request that is refused with 500. */
async function said(ask: () => Promise<Response>): Promise<string> {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const response = await ask();
  expect(response.status).toBe(500);
  expect(response.headers.get('cache-control')).toBe('private, no-store');
  expect(log).toHaveBeenCalledTimes(1);
  return String(log.mock.lastCall?.[0]);
}

test('one error names everything that is missing', async () => {
  const auth = createAuth({ environment: { AUTH_CLIENT_ID: 'web' } });
  expect(await said(() => auth.handlers.GET(new Request(baseUrl)))).toContain(
    'Login is not configured. Set AUTH_ISSUER (or createAuth({ issuer })), AUTH_SECRET (or createAuth({ secret })), AUTH_BASE_URL (or createAuth({ baseUrl })).',
  );
});

test('everything can come from the environment', async () => {
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
    scope: 'openid email',
    resource: 'https://api.example.test',
  });
});

test('nothing is read before the first request: an application builds without its environment', () => {
  expect(() => createAuth({ environment: {} })).not.toThrow();
});

test("of several addresses the one with the request's host is taken, and no other host is believed", async () => {
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
    // Long enough to have a name before what is taken for the suffix.
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

test('several providers in one application do not mix', async () => {
  const [first, second] = [await setUp(), await setUp()];
  const [one, two] = [createAuth(first.options), createAuth(second.options)];
  const cookie = await logIn(one.handlers, first.server);
  // The same secret even: a session names its provider.
  const started = await one.handlers.GET(new Request(`${baseUrl}/auth/login`));
  const { url } = await first.server.authorize(started.headers.get('location') ?? '');
  const mixed = await two.handlers.GET(new Request(url, { headers: { cookie: pairs(started) } }));
  expect(mixed.status).toBe(400);
  expect((await inNext({ cookie }, () => two.getSession())).result).toBeUndefined();
});

test('a customer is known by the host, an unknown host is refused', async () => {
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
  const ask = () => auth.handlers.GET(new Request(baseUrl, { headers: { host: 'red.example.test' } }));
  expect(await said(ask)).toContain('No options');
});

test('a customer is known by X-Forwarded-Host where the proxy in front is trusted, and nowhere else', async () => {
  const [blue, green] = [await setUp(), await setUp()];
  const optionsOf = (host: string) =>
    ({ 'blue.example.test': blue.options, 'green.example.test': green.options })[host];
  const issuerFor = async (headers: Record<string, string>, trustProxy?: boolean) => {
    const auth = createAuth(optionsOf, trustProxy === undefined ? {} : { trustProxy });
    const login = await auth.handlers.GET(new Request(`${baseUrl}/auth/login`, { headers }));
    if (login.status >= 400) return login.status;
    return new URL(login.headers.get('location') ?? '').origin;
  };
  const forwarded = (host: string) => ({ host: 'blue.example.test', 'x-forwarded-host': host });
  for (const trustProxy of [undefined, false])
    expect(await issuerFor(forwarded('green.example.test'), trustProxy)).toBe(blue.server.issuer);
  expect(await issuerFor(forwarded('green.example.test'), true)).toBe(green.server.issuer);
  // The proxy adds what it knows behind what a client has made up.
  expect(await issuerFor(forwarded('green.example.test, blue.example.test'), true)).toBe(blue.server.issuer);
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(await issuerFor(forwarded('red.example.test'), true)).toBe(500);
  expect(log.mock.lastCall?.[0]).toContain('No options');
});

test('options of a customer cannot say whether its host was to be believed', async () => {
  const { options } = await setUp();
  const { handlers } = createAuth(() => ({ ...options, trustProxy: true }));
  expect(await said(() => handlers.GET(new Request(baseUrl)))).toContain('beside the function');
});

test('S62: an unknown path below the auth path says so, and is kept by no cache', async () => {
  const { options } = await setUp();
  const { handlers } = createAuth(options);
  const answer = await handlers.GET(new Request(`${baseUrl}/auth/unknown`));
  expect(answer.status).toBe(404);
  expect(answer.headers.get('cache-control')).toBe('private, no-store');
  expect(answer.headers.get('vary')).toBe('Cookie');
});

test("S14: prefetches of Next's router start no login, and its fetches make it navigate", async () => {
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

test('a login while the provider is down says when to come again, and is in the log', async () => {
  const { server, options } = await setUp({ retries: 0 });
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  server.fail('discovery', { status: 503, headers: { 'retry-after': '17' } });
  const answer = await createAuth(options).handlers.GET(new Request(`${baseUrl}/auth/login`));
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('17');
  expect(log).toHaveBeenCalledTimes(1);
  expect(log.mock.lastCall?.[0]).toMatch(/^countersign: login: 503 server_error: /);
});

test('below a base path the routes are found, whether or not the URL names it', async () => {
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

test('a test session is a session', async () => {
  const { options } = await setUp({ resource: 'https://api.example.test' });
  const auth = createAuth(options);
  const { header, cookies } = await createTestSession(options, { user: { sub: 'carol', name: 'Carol' } });
  const { result } = await inNext({ cookie: header }, () => auth.getSession());
  expect(result?.user).toMatchObject({ sub: 'carol', name: 'Carol', iss: options.issuer });
  const request = new NextRequest(`${baseUrl}/orders`, { headers: { cookie: header } });
  expect((await auth.proxy(request, { protect: ['/orders'] })).headers.get('x-middleware-next')).toBe('1');
  const token = await inNext({ cookie: header }, () => auth.getAccessToken());
  expect(token.result.accessToken).toBe('test-access-token');
  expect(cookies).toEqual([
    expect.objectContaining({ name: '__Host-session', url: baseUrl, secure: true, sameSite: 'Lax' }),
  ]);
});

test('the Pages Router has the same helpers, and an API route for the routes', async () => {
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

test('in the Pages Router, what was refreshed first is what is changed next, and the browser keeps both', async () => {
  const { server, options } = await setUp();
  const auth = createAuth(options);
  const cookie = await logIn(auth.handlers, server);
  const http = createServer(async (req, res) => {
    res.appendHeader('set-cookie', 'theme=dark');
    await auth.pages({ req, res }).getAccessToken();
    const { updateSession, getAccessToken } = auth.pages({ req, res });
    await updateSession((data) => ({ ...data, seen: 1 }));
    res.end((await getAccessToken()).accessToken);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as { port: number };
  server.clock.advance(3_610);
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } });
  http.close();
  expect(answer.headers.getSetCookie()).toEqual(['theme=dark', expect.stringMatching(/^__Host-session=/)]);
  const kept = await inNext({ cookie: pairs(answer), phase: 'action' }, async () => ({
    token: (await auth.getAccessToken()).accessToken,
    data: (await auth.getSession())?.data,
  }));
  expect(kept.result).toEqual({ token: await answer.text(), data: { seen: 1 } });
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('in the Pages Router, a refresh token is not spent when the headers of the answer have been sent', async () => {
  const { server, options } = await setUp();
  const auth = createAuth(options);
  const cookie = await logIn(auth.handlers, server);
  const http = createServer(async (req, res) => {
    res.flushHeaders();
    const refused = await auth
      .pages({ req, res })
      .getAccessToken()
      .catch((error: unknown) => error);
    res.end((refused as { code?: string }).code);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as { port: number };
  server.clock.advance(3_610);
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } });
  expect(await answer.text()).toBe('wrong_context');
  http.close();
  expect(server.requestsTo('token')).toHaveLength(1);
});
