import { createMemorySessionStore } from '@countersign/core/session';
import type { TestAuthorizationServer } from '@countersign/testing';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createAuth } from '../src/create-auth.ts';
import { baseUrl, createProxyRequest, logIn, setUp, setUpLogin } from './support/app.ts';
import { runInNext } from './support/run-in-next.ts';

// Next calls its own server for some actions, and copies the response without its cookies.

const protect = ['/dashboard'];
afterEach(() => vi.restoreAllMocks());

/** Advances all clocks beyond the time for which concurrent requests find the successor of a refresh token. */
function wait({ clock }: TestAuthorizationServer): void {
  const seconds = 300;
  clock.advance(seconds);
  const time = performance.now() + seconds * 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => time);
}

describe('S61: an action redirects to a page', () => {
  const headers = { 'content-type': 'text/plain;charset=UTF-8', accept: 'text/x-component' };

  test('the proxy does not refresh for this page, and the browser requests it itself', async () => {
    const { server, auth, cookie } = await setUpLogin();
    server.clock.advance(3_700);
    // The page of the action is outside the matcher of the proxy.
    const inner = await auth.proxy(createProxyRequest('/dashboard', { cookie, ...headers }), { protect });
    // Next ignores a response that is not for its router.
    expect(inner.status).toBe(204);
    expect(inner.headers.get('x-middleware-next')).toBeNull();
    expect(inner.headers.getSetCookie()).toEqual([]);
    expect(server.requestsTo('token')).toHaveLength(1);
    wait(server);
    const next = await auth.proxy(createProxyRequest('/dashboard', { cookie }), { protect });
    expect(next.headers.get('x-middleware-next')).toBe('1');
    expect(next.headers.getSetCookie().join()).toMatch(/^__Host-session=[^;]/);
    expect(server.requestsTo('token')).toHaveLength(2);
  });

  test('a page with a valid token, of a stored session or without a session is rendered', async () => {
    const { server, auth, cookie } = await setUpLogin();
    const page = await auth.proxy(createProxyRequest('/dashboard', { cookie, ...headers }), { protect });
    expect(page.headers.get('x-middleware-next')).toBe('1');
    const anonymous = await auth.proxy(createProxyRequest('/dashboard', headers), { protect });
    expect(anonymous.headers.get('location')).toContain('/auth/login');
    server.clock.advance(3_700);
    const stored = await setUpLogin({ store: createMemorySessionStore() });
    stored.server.clock.advance(3_700);
    const request = createProxyRequest('/dashboard', { cookie: stored.cookie, ...headers });
    const response = await stored.auth.proxy(request, { protect });
    expect(response.headers.get('x-middleware-next')).toBe('1');
    expect(stored.server.requestsTo('token')).toHaveLength(2);
  });

  test('a request of a script with a content type refreshes the session, and only its response has the new tokens', async () => {
    const { server, auth, cookie } = await setUpLogin();
    server.clock.advance(3_700);
    const sent = { cookie, 'content-type': 'application/json', accept: 'application/json' };
    const response = await auth.proxy(createProxyRequest('/dashboard', sent), { protect });
    expect(response.headers.getSetCookie().join()).toMatch(/^__Host-session=[^;]/);
    wait(server);
    const next = await auth.proxy(createProxyRequest('/dashboard', { cookie }), { protect });
    // Only the new cookie contains a session. The previous one has a spent refresh token.
    expect(next.headers.get('location')).toContain('/auth/login');
  });
});

describe('S61: Next forwards an action to another worker', () => {
  const forwarded = {
    phase: 'action',
    end: 'action',
    headers: { 'x-action-forwarded': '1', 'next-action': 'abc', 'content-type': 'text/plain' },
  } as const;

  test('a refresh token is not spent, and a change of a cookie session is an error', async () => {
    const { server, auth, cookie } = await setUpLogin();
    const read = auth.protected.action(async () => (await auth.getAccessToken()).accessToken);
    const change = auth.protected.action(async () => auth.updateSession(() => ({ theme: 'dark' })));
    const valid = await runInNext({ cookie, ...forwarded }, () => read());
    expect(valid.result).toEqual(expect.any(String));
    await expect(runInNext({ cookie, ...forwarded }, () => change())).rejects.toMatchObject({
      code: 'wrong_context',
    });
    server.clock.advance(3_700);
    await expect(runInNext({ cookie, ...forwarded }, () => read())).rejects.toMatchObject({
      code: 'wrong_context',
    });
    expect(server.requestsTo('token')).toHaveLength(1);
    // The next request refreshes.
    const { result } = await runInNext({ cookie, phase: 'action', end: 'action' }, () => read());
    expect(result).toEqual(expect.any(String));
  });

  test('the proxy does not spend the refresh token either', async () => {
    const { server, auth, cookie } = await setUpLogin();
    server.clock.advance(3_700);
    const request = createProxyRequest('/dashboard', { cookie, ...forwarded.headers }, 'POST');
    const response = await auth.proxy(request, { protect });
    expect(response.headers.get('x-middleware-next')).toBe('1');
    expect(response.headers.getSetCookie()).toEqual([]);
    // This request is for the page to which a forwarded action redirects. Next ignores a response without a page.
    const page = await auth.proxy(
      createProxyRequest('/dashboard', { cookie, ...forwarded.headers, accept: 'text/x-component' }),
      { protect },
    );
    expect(page.headers.get('x-middleware-next')).toBe('1');
    expect(page.headers.getSetCookie()).toEqual([]);
    expect(server.requestsTo('token')).toHaveLength(1);
  });

  test('a stored session is refreshed and changed', async () => {
    const { server, auth, cookie } = await setUpLogin({ store: createMemorySessionStore() });
    server.clock.advance(3_700);
    const change = auth.protected.action(async () => {
      await auth.getAccessToken();
      return (await auth.updateSession(() => ({ theme: 'dark' }))).data;
    });
    const { result } = await runInNext({ cookie, ...forwarded }, () => change());
    expect(result).toEqual({ theme: 'dark' });
    expect(server.requestsTo('token')).toHaveLength(2);
  });
});

test.each(['cache', 'unstable-cache'])(
  'S62: the functions of the Pages Router throw within a shared cache (%s)',
  async (type) => {
    const { auth, cookie } = await setUpLogin();
    const req = { method: 'GET', url: '/p', headers: { cookie, host: new URL(baseUrl).host } };
    const pages = auth.pages({ req, res: {} } as never);
    const calls: (() => Promise<unknown>)[] = [() => pages.getSession(), () => pages.getAccessToken()];
    for (const call of calls)
      await expect(workUnitAsyncStorage.run({ type } as never, call)).rejects.toMatchObject({
        code: 'wrong_context',
      });
  },
);

describe.each(['cookie', 'stored'])('S87: a provider ends each login at its first refresh (%s)', (kind) => {
  const tokens = [{ resource: 'https://api.example.test' }];
  const start = () => setUp(kind === 'stored' ? { store: createMemorySessionStore() } : {});

  test('the proxy shows the error at the second login', async () => {
    const { server, options } = await start();
    const auth = createAuth({ ...options, onEvent: () => {} });
    const trace: number[] = [];
    for (let login = 0; login < 3; login++) {
      server.clock.advance(1);
      const cookie = await logIn(auth.handlers, server);
      server.endGrants();
      const request = createProxyRequest('/dashboard', { cookie, accept: 'text/html' });
      const response = await auth.proxy(request, { protect, tokens });
      trace.push(response.status);
      // The cookie of the session that has ended is deleted.
      expect(response.headers.getSetCookie().join()).toMatch(/__Host-session=;[^,]*Max-Age=0/);
      if (response.status !== 307) expect(await response.text()).toContain('token_error');
    }
    expect(trace).toEqual([307, 502, 502]);
  });

  test('the end of the session leads to the login, although the request for another token fails before it', async () => {
    const { server, options } = await start();
    const auth = createAuth({ ...options, onEvent: () => {} });
    const cookie = await logIn(auth.handlers, server);
    server.clock.advance(3_700);
    server.fail('token', {
      status: 400,
      body: '{"error":"invalid_target"}',
      headers: { 'content-type': 'application/json' },
    });
    server.endGrants();
    const request = createProxyRequest('/dashboard', { cookie });
    const response = await auth.proxy(request, { protect, tokens: [...tokens, {}] });
    expect(response.headers.get('location')).toContain('/auth/login');
  });

  test('a page that requires a session throws the error of the proxy', async () => {
    const { server, options } = await start();
    const auth = createAuth({ ...options, onEvent: () => {} });
    const outcomes: string[] = [];
    for (let login = 0; login < 3; login++) {
      server.clock.advance(1);
      const cookie = await logIn(auth.handlers, server);
      server.endGrants();
      const response = await auth.proxy(createProxyRequest('/page', { cookie }), { tokens });
      const read = (name: string) => response.headers.get(`x-middleware-request-${name}`) ?? '';
      const failure = 'x-auth-refresh-failed';
      const headers = { 'x-auth-path': '/page', [failure]: read(failure) };
      outcomes.push(
        await runInNext({ cookie: read('cookie'), headers }, () => auth.requireSession()).then(
          () => 'session',
          (error: { readonly code?: string; readonly digest?: string }) =>
            error.digest?.split(';')[0] ?? error.code ?? '',
        ),
      );
    }
    expect(outcomes.map((each) => (each.startsWith('NEXT_REDIRECT') ? 'login' : each))).toEqual([
      'login',
      'token_error',
      'token_error',
    ]);
  });
});
