import { TransportError } from '@countersign/core';
import { type NextRequest, NextResponse } from 'next/server.js';
import { afterEach, expect, test, vi } from 'vitest';
import { createAuth } from '../src/create-auth.ts';
import type { AuthOptions } from '../src/index.ts';
import { baseUrl, createProxyRequest, logIn, setUp, setUpLogin } from './support/app.ts';
import { runInNext } from './support/run-in-next.ts';

const protect = ['/dashboard'];

afterEach(() => vi.restoreAllMocks());

test('stops the redirects if the provider rejects the refresh and every code', async () => {
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
      const sent = createProxyRequest(url.pathname + url.search, { cookie, accept: 'text/html' });
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
    // The login is repeated once.
    expect(trace).toEqual(['/dashboard 307', '/auth/login 303', '/auth/callback 303', '/auth/callback 502']);
  }
});

function splitCookie(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

test('refreshes a token near its expiry, for the browser and for the same request', async () => {
  const { server, auth, cookie: allCookies } = await setUpLogin();
  const cookie = allCookies.split('; ').find((pair) => pair.startsWith('__Host-session=')) ?? '';
  const early = await auth.proxy(createProxyRequest('/dashboard', { cookie }), { protect });
  expect(early.headers.getSetCookie()).toEqual([]);
  server.clock.advance(3_590);
  const late = await auth.proxy(createProxyRequest('/dashboard', { cookie: `${cookie}; theme=dark` }), {
    protect,
  });
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
  const response = await auth.proxy(createProxyRequest('/dashboard', { cookie }), { protect });
  expect(response.status).toBe(307);
  expect(response.headers.getSetCookie().join()).toMatch(/__Host-session=; Max-Age=0/);
});

test('shows pages to signed-in users while the provider is unavailable', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_700);
  server.fail('token', { status: 503 });
  const response = await auth.proxy(createProxyRequest('/dashboard', { cookie }), { protect });
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
    const response = await auth.proxy(createProxyRequest('/dashboard', { cookie }), {
      protect,
      ...(respond && { respond }),
    });
    const error = await readPageError(auth, response);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject(expected);
    // The failure does not apply to the token of another API, and not to a token that an API has rejected.
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
    const response = await auth.proxy(createProxyRequest('/dashboard', forged), respond ? { respond } : {});
    expect(response.headers.get('x-middleware-override-headers')).not.toContain('x-auth-refresh-failed');
  }
  // Without a proxy, the header changes only the error of the request that contains it.
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

test('passes the rejection of the client to the page', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_700);
  server.fail('token', {
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"invalid_client"}',
  });
  const response = await auth.proxy(createProxyRequest('/dashboard', { cookie }), { protect });
  expect(await readPageError(auth, response)).toMatchObject({
    name: 'AuthorizationServerError',
    status: 401,
  });
});

test.each([
  ['refresh_rejected', { status: 400 }, undefined],
  [
    'interaction_required',
    { status: 400, headers: { 'content-type': 'application/json' }, body: '{"error":"consent_required"}' },
    'consent',
  ],
] as const)(
  'redirects a user to the login after %s, and keeps the session',
  async (code, failure, prompt) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { server, auth, cookie } = await setUpLogin();
    server.clock.advance(3_601);
    server.fail('token', { ...failure, times: 99 });
    const page = await auth.proxy(createProxyRequest('/dashboard', { cookie }), { protect });
    expect(page.status).toBe(307);
    const login = new URL(page.headers.get('location') ?? '');
    expect(login.pathname).toBe('/auth/login');
    expect(login.searchParams.get('returnTo')).toBe('/dashboard');
    expect(login.searchParams.get('prompt') ?? undefined).toBe(prompt);
    expect(page.headers.getSetCookie()).toEqual([]);
    const handler = await auth.proxy(createProxyRequest('/api/items', { cookie }), { protect: ['/api'] });
    expect([handler.status, await handler.json()]).toEqual([401, { error: code }]);
    // A page that requires no session is rendered, and receives the reason.
    const publicPage = await auth.proxy(createProxyRequest('/', { cookie }), { protect });
    expect(publicPage.headers.get('x-middleware-next')).toBe('1');
    expect(publicPage.headers.get('x-middleware-request-x-auth-refresh-failed')).toContain(`code=${code}`);
    expect(server.requestsTo('token')).toHaveLength(2);
  },
);

test('does not redirect a user to the login again after an unsuccessful login', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { server, options } = await setUp();
  const auth = createAuth({ ...options, fetch: shortenTokens(server.fetch, 60) });
  const cookie = await logIn(auth.handlers, server);
  const tokens = [{}];
  server.clock.advance(61);
  server.fail('token', { status: 400 });
  const open = (header: string) =>
    auth.proxy(createProxyRequest('/dashboard', { cookie: header }), { protect, tokens });
  expect((await open(cookie)).status).toBe(307);
  server.clock.advance(1);
  const next = await logIn(auth.handlers, server);
  server.clock.advance(61);
  server.fail('token', { status: 400 });
  const response = await open(next);
  expect(response.headers.get('x-middleware-next')).toBe('1');
  expect(response.headers.get('x-middleware-request-x-auth-refresh-failed')).toContain('code=token_error');
});

test('a page behind the proxy receives a token if "expires_in" is 0', async () => {
  const { server, options } = await setUp();
  const auth = createAuth({ ...options, fetch: shortenTokens(server.fetch, 0) });
  const cookie = await logIn(auth.handlers, server);
  server.clock.advance(3);
  const response = await auth.proxy(createProxyRequest('/dashboard', { cookie }));
  const pageCookie = response.headers.get('x-middleware-request-cookie') ?? cookie;
  const { result } = await runInNext({ cookie: pageCookie, phase: 'render' }, () => auth.getAccessToken());
  expect(result.expiresAt).toBeUndefined();
  expect(server.requestsTo('token')).toHaveLength(1);
});

/** Changes the `expires_in` of token responses. */
const shortenTokens =
  (fetch: NonNullable<AuthOptions['fetch']>, expiresIn: number): NonNullable<AuthOptions['fetch']> =>
  async (url, init) => {
    const response = await fetch(url, init);
    if (!String(url).endsWith('/token') || !response.ok) return response;
    return Response.json({ ...(await response.json()), expires_in: expiresIn });
  };
