import { createMemorySessionStore } from '@countersign/core/session';
import { redirect } from 'next/dist/client/components/redirect.js';
import { expect, test, vi } from 'vitest';
import { baseUrl, readDigest, setUpLogin } from '../tests/support/app.ts';
import { runInNext } from '../tests/support/run-in-next.ts';
import type { Session } from './index.ts';

test('S18: does not run protected pages, actions and handlers without a session', async () => {
  const { auth, cookie } = await setUpLogin();
  const wrapperCalls: string[] = [];
  const page = auth.protected.page(async ({ session, id }: { id: number; session: Session }) => {
    wrapperCalls.push('page');
    return `${session.user.sub} ${id}`;
  });
  const action = auth.protected.action(async (session, text: string) => {
    wrapperCalls.push('action');
    return session.user.sub + text;
  });
  const handler = auth.protected.handler(async (_: Request, { session }) => {
    wrapperCalls.push('handler');
    return Response.json(session.user.sub);
  });
  expect(await readDigest(runInNext({}, () => page({ id: 1 })))).toContain('NEXT_REDIRECT');
  expect(await readDigest(runInNext({ phase: 'action' }, () => action('!')))).toContain('NEXT_REDIRECT');
  const request = new Request('https://x.example');
  const rejection = await runInNext({ phase: 'action' }, () => handler(request, {}));
  expect(rejection.result.status).toBe(401);
  expect(wrapperCalls).toEqual([]);
  expect((await runInNext({ cookie }, () => page({ id: 1 }))).result).toBe('alice 1');
  expect((await runInNext({ cookie, phase: 'action' }, () => action('!'))).result).toBe('alice!');
  const requestWithSession = new Request(request, { headers: { cookie } });
  expect(
    (await runInNext({ cookie, phase: 'action' }, () => handler(requestWithSession, {}))).result.status,
  ).toBe(200);
});

test('redirects to the login from a page whose tokens cannot be refreshed', async () => {
  const { server, auth, cookie } = await setUpLogin({ refreshTokens: false });
  server.clock.advance(3_610);
  const page = auth.protected.page(async ({ session }: { session: Session }) => {
    await auth.getAccessToken();
    return session.user.sub;
  });
  expect(await readDigest(runInNext({ cookie }, () => page({})))).toContain('/auth/login');
});

test('rejects a session without the required scopes', async () => {
  const { auth, cookie } = await setUpLogin({ scope: 'openid read' });
  expect((await runInNext({ cookie }, () => auth.requireScopes('read'))).result.user.sub).toBe('alice');
  const page = auth.protected.page(async () => 'ran', { scopes: ['write'] });
  const action = auth.protected.action(async () => 'ran', { scopes: ['write'] });
  // This digest makes Next respond with 403.
  const rejection = { code: 'insufficient_scope', status: 403, digest: 'NEXT_HTTP_ERROR_FALLBACK;403' };
  for (const run of [() => auth.requireScopes('read', 'write'), () => page({}), action])
    await expect(runInNext<unknown>({ cookie }, run)).rejects.toMatchObject(rejection);
  const handler = auth.protected.handler(async () => new Response('ran'), { scopes: ['write'] });
  const request = new Request('https://x.example', { headers: { cookie } });
  const { result } = await runInNext({ cookie, phase: 'action' }, () => handler(request, {}));
  expect(result.status).toBe(403);
});

test('S61: waits in a protected handler for a refresh that was not awaited, and sets the cookie', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_610);
  const handler = auth.protected.handler(async () => {
    await Promise.race([auth.getAccessToken(), Promise.resolve()]);
    return new Response('done', { headers: { 'cache-control': 'public, max-age=60' } });
  });
  const request = new Request(baseUrl, { headers: { cookie } });
  const { result, set } = await runInNext({ cookie, phase: 'action' }, () => handler(request, {}));
  expect(set).toHaveLength(1);
  expect(server.requestsTo('token')).toHaveLength(2);
  // A response with a session cookie is private, even if the handler declares it public.
  expect(result.headers.get('cache-control')).toBe('private, no-store');
});

test.each([
  ['without headers', () => new Response('x'), 'private, no-store', 'Cookie'],
  [
    'with other headers',
    () => new Response('x', { headers: { 'cache-control': 'private, max-age=5', vary: 'Accept' } }),
    'private, max-age=5',
    'Accept, Cookie',
  ],
  ['with immutable headers', () => Response.redirect(`${baseUrl}/x`), 'private, no-store', 'Cookie'],
])('S62: marks a response %s of a protected handler as private', async (_, respond, cacheControl, vary) => {
  const { auth, cookie } = await setUpLogin();
  const handler = auth.protected.handler(async () => respond());
  const request = new Request(baseUrl, { headers: { cookie } });
  const { result } = await runInNext({ cookie, phase: 'action' }, () => handler(request, {}));
  expect(result.headers.get('cache-control')).toBe(cacheControl);
  expect(result.headers.get('vary')).toBe(vary);
});

test('S64: responds with an error in a protected handler, and rethrows errors of Next', async () => {
  const store = createMemorySessionStore();
  const { server, auth, cookie } = await setUpLogin({ store, retries: 0 });
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const request = new Request(baseUrl, { headers: { cookie } });
  const run = async (handler: () => Promise<Response>) =>
    (await runInNext({ cookie, phase: 'action' }, () => auth.protected.handler(handler)(request, {}))).result;
  server.clock.advance(3_610);
  const respondWithToken = async () => Response.json(await auth.getAccessToken());
  server.fail('token', { status: 503, headers: { 'retry-after': '3' } });
  const unavailable = await run(respondWithToken);
  expect([unavailable.status, unavailable.headers.get('retry-after')]).toEqual([503, '3']);
  expect(log).toHaveBeenCalledTimes(1);
  expect(await readDigest(run(async () => redirect('/elsewhere')))).toContain('NEXT_REDIRECT');
  await expect(run(() => Promise.reject(new Error('application error')))).rejects.toThrow(
    'application error',
  );
  server.endGrants();
  const pauseEnd = performance.now() + 3_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => pauseEnd);
  const endedResponse = await run(respondWithToken);
  clock.mockRestore();
  expect([endedResponse.status, await endedResponse.json()]).toEqual([401, { error: 'session_ended' }]);
  const get = vi.spyOn(store, 'get').mockRejectedValue(new Error('away'));
  expect((await run(respondWithToken)).status).toBe(503);
  get.mockRestore();
  log.mockRestore();
});

test('S9: reports an unavailable store to pages, actions and helpers, and redirects no user to the login', async () => {
  const store = createMemorySessionStore();
  const { auth, cookie } = await setUpLogin({ store });
  const get = vi.spyOn(store, 'get').mockRejectedValue(new Error('away'));
  const page = auth.protected.page(async () => 'ran');
  const action = auth.protected.action(async () => 'ran');
  const calls: readonly (() => Promise<unknown>)[] = [
    () => auth.getSession(),
    () => auth.requireSession(),
    () => auth.requireScopes('openid'),
    () => auth.getAccessToken(),
    () => auth.updateSession((data) => data),
    () => page({}),
    () => action(),
  ];
  for (const phase of ['render', 'action'] as const) {
    for (const call of calls) {
      await expect(runInNext<unknown>({ cookie, phase }, call), String(call)).rejects.toMatchObject({
        name: 'TransportError',
        code: 'store_unavailable',
      });
    }
  }
  get.mockRestore();
  for (const call of [() => auth.getSession(), () => auth.requireSession(), () => page({})])
    expect((await runInNext<unknown>({ cookie }, call)).result).toBeDefined();
});

test.each([
  ['refresh_rejected', '', ''],
  ['interaction_required', '&prompt=consent', '&prompt=consent'],
])(
  'redirects to the login from a page whose refresh was rejected in the proxy: %s',
  async (code, more, query) => {
    const { server, auth, cookie } = await setUpLogin();
    server.clock.advance(3_610);
    const failure = `name=LoginRequiredError&code=${code}&status=400${more}`;
    const headers = { 'x-auth-refresh-failed': failure };
    const page = auth.protected.page(async ({ session }: { session: Session }) => session.user.sub);
    const login = `/auth/login?returnTo=%2Fpage%3Fa%3Db${query};`;
    for (const run of [() => page({}), () => auth.requireSession()]) {
      expect(await readDigest(runInNext<unknown>({ cookie, headers }, run))).toContain(login);
    }
    // A rejection for another resource affects only the pages that request it.
    const other = { 'x-auth-refresh-failed': `${failure}&resource=https%3A%2F%2Fapi.example` };
    expect((await runInNext({ cookie, headers: other }, () => page({}))).result).toBe('alice');
    const reader = auth.protected.page(async (_: { session: Session }) => {
      await auth.getAccessToken({ resource: 'https://api.example' });
      return 'read';
    });
    expect(await readDigest(runInNext({ cookie, headers: other }, () => reader({})))).toContain(login);
    expect(server.requestsTo('token')).toHaveLength(1);
  },
);

test('a protected handler responds with 401 to a rejected refresh, and with 502 to rejected credentials', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_610);
  const handler = auth.protected.handler(async () => Response.json(await auth.getAccessToken()));
  const call = async () => {
    const request = new Request(`${baseUrl}/api/items`, { headers: { cookie, accept: 'application/json' } });
    const { result } = await runInNext({ cookie, phase: 'action' }, () => handler(request, {}));
    return [result.status, ((await result.json()) as { error: string }).error];
  };
  server.fail('token', { status: 400 });
  expect(await call()).toEqual([401, 'refresh_rejected']);
  server.clock.advance(11);
  const headers = { 'content-type': 'application/json' };
  server.fail('token', { status: 401, headers, body: '{"error":"unauthorized_client"}' });
  expect(await call()).toEqual([502, 'client_rejected']);
  expect(log.mock.calls.flat().join()).toContain('rejected the client "web"');
  vi.restoreAllMocks();
});
