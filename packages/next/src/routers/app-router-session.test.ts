import { createMemorySessionStore } from '@countersign/core/session';
import { expect, test, vi } from 'vitest';
import { api, baseUrl, logIn, readDigest, setUp, setUpLogin } from '../../tests/support/app.ts';
import { runInNext } from '../../tests/support/run-in-next.ts';
import { createAuth } from '../create-auth.ts';
import type { Session } from '../index.ts';

test('returns the session in pages, actions and handlers', async () => {
  const { auth, cookie } = await setUpLogin();
  for (const phase of ['render', 'action'] as const) {
    const { result, set } = await runInNext({ cookie, phase }, () => auth.getSession());
    expect(result?.user.sub).toBe('alice');
    expect(set).toEqual([]);
  }
  expect((await runInNext({}, () => auth.getSession())).result).toBeUndefined();
});

test('redirects from a page to the login and back', async () => {
  const { auth } = await setUpLogin();
  const headers = { 'x-auth-path': '/reports?year=2026' };
  expect(await readDigest(runInNext({ headers }, () => auth.requireSession()))).toContain(
    '/auth/login?returnTo=%2Freports%3Fyear%3D2026',
  );
  expect(await readDigest(runInNext({}, () => auth.requireSession({ returnTo: '/here' })))).toContain(
    'returnTo=%2Fhere',
  );
});

test('finds the page to return to without a proxy', async () => {
  const { auth } = await setUpLogin();
  for (const search of ['?a=b', '?a=b&_rsc=1x2y3']) {
    const digest = await readDigest(runInNext({ search }, () => auth.requireSession()));
    expect(digest, search).toContain('returnTo=%2Fpage%3Fa%3Db;');
  }
});

test('redirects to the full URL of the login below a base path, because Next adds the base path to a path', async () => {
  const { options } = await setUp({ baseUrl: `${baseUrl}/shop` });
  const auth = createAuth(options);
  expect(await readDigest(runInNext({}, () => auth.requireSession()))).toContain(
    `;${baseUrl}/shop/auth/login?returnTo=%2Fshop%2Fpage%3Fa%3Db;`,
  );
});

test('refreshes in an action and sets the cookie, and reports the missing proxy in a page', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_610);
  await expect(runInNext({ cookie }, () => auth.getAccessToken())).rejects.toMatchObject({
    code: 'wrong_context',
    message: expect.stringMatching(/while \/page is rendered.* proxy .*matcher covers \/page/),
  });
  expect(server.requestsTo('token')).toHaveLength(1);
  const { set } = await runInNext({ cookie, phase: 'action' }, () => auth.getAccessToken());
  expect(set).toHaveLength(1);
  expect(set[0]).toMatch(/^__Host-session=[\w~.-]+; Path=\/; .*Max-Age=\d+; Secure; HttpOnly; SameSite=lax/i);
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('the following calls of an action use the refreshed session', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_610);
  await runInNext({ cookie, phase: 'action' }, async () => {
    const first = await auth.getAccessToken();
    await auth.updateSession((data) => ({ ...data, visits: 1 }));
    const session = await auth.getSession();
    expect(session?.data).toEqual({ visits: 1 });
    expect((await auth.getAccessToken()).accessToken).toBe(first.accessToken);
  });
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('stores the changes of all concurrent calls in an action', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_610);
  const { set } = await runInNext({ cookie, phase: 'action' }, async () => {
    await Promise.all([
      auth.updateSession((data) => ({ ...data, a: 1 })),
      auth.getAccessToken(),
      auth.updateSession((data) => ({ ...data, b: 2 })),
    ]);
    await expect(auth.updateSession(() => fail())).rejects.toThrow('application error');
    await auth.updateSession((data) => ({ ...data, c: 3 }));
  });
  const after = { cookie: set.map((line) => line.split(';')[0]).join('; ') };
  expect((await runInNext(after, () => auth.getSession())).result?.data).toEqual({ a: 1, b: 2, c: 3 });
  await runInNext(after, () => auth.getAccessToken());
  expect(server.requestsTo('token')).toHaveLength(2);
});

function fail(): never {
  throw new Error('application error');
}

test('reads the cookies that an action or another proxy has set before the page', async () => {
  const { auth, cookie } = await setUpLogin();
  for (const headers of [
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'next-action': 'id' },
    { 'x-middleware-set-cookie': `${cookie}; Path=/` },
  ]) {
    const after = { cookie: 'theme=dark', cookieNow: `theme=dark; ${cookie}`, headers };
    expect((await runInNext(after, () => auth.getSession())).result?.user.sub).toBe('alice');
    const endedRequest = { cookie, cookieNow: '', headers };
    expect((await runInNext(endedRequest, () => auth.getSession())).result).toBeUndefined();
  }
});

test('refreshes a stored session in a page', async () => {
  const { server, auth, cookie } = await setUpLogin({ store: createMemorySessionStore() });
  server.clock.advance(3_610);
  const { result, set } = await runInNext({ cookie }, () => auth.getAccessToken());
  expect(result.accessToken).toBeTruthy();
  expect(set).toEqual([]);
});

test('loads the session once for layout, page and components of one rendering', async () => {
  const store = createMemorySessionStore();
  const get = vi.spyOn(store, 'get');
  const { server, auth, cookie } = await setUpLogin({ store });
  // A session is read again in a later second. The test must not depend on the speed of the machine.
  server.clock.stop();
  get.mockClear();
  const readings = [1, 2];
  for (const times of readings) {
    const { result } = await runInNext({ cookie }, async () => {
      const layout = auth.getSession();
      const page = auth.protected.page(async ({ session }: { session: Session }) => {
        await auth.getAccessToken();
        return session;
      });
      return [await layout, await page({}), await auth.requireSession()];
    });
    expect(result.map((session) => session?.user.sub)).toEqual(['alice', 'alice', 'alice']);
    expect(get).toHaveBeenCalledTimes(times);
  }
});

test('reads the session again at each call in an action, because the action can change or end it', async () => {
  const store = createMemorySessionStore();
  const { server, auth, cookie } = await setUpLogin({ store });
  await runInNext({ cookie, phase: 'action' }, async () => {
    expect((await auth.updateSession(() => ({ a: 1 }))).data).toEqual({ a: 1 });
    expect(await auth.getSession()).toBeDefined();
    await store.deleteWhere({ issuer: server.issuer, sub: 'alice' });
    expect(await auth.getSession()).toBeUndefined();
  });
});

test('reports a stored session that the provider ends while a page is rendered', async () => {
  const { server, auth, cookie } = await setUpLogin({ store: createMemorySessionStore() });
  server.clock.advance(3_610);
  server.endGrants();
  await expect(runInNext({ cookie }, () => auth.getAccessToken())).rejects.toMatchObject({
    code: 'session_ended',
  });
});

test('S18: rejects reading the session inside "use cache"', async () => {
  const { auth, cookie } = await setUpLogin();
  await expect(runInNext({ cookie, type: 'cache' }, () => auth.getSession())).rejects.toMatchObject({
    code: 'wrong_context',
    message: expect.stringContaining('use cache'),
  });
});

test('throws an error that explains why a static page has no session', async () => {
  const { auth } = await setUpLogin();
  for (const staticMode of ['export', 'force-static'] as const) {
    for (const phase of ['render', 'action'] as const)
      await expect(
        runInNext({ staticMode, phase }, () => auth.getSession()),
        `${staticMode}, ${phase}`,
      ).rejects.toMatchObject({ code: 'wrong_context', message: expect.stringContaining(staticMode) });
  }
});

test('auth.fetch sends the token to the API only, and refreshes it once after a rejection', async () => {
  const { server, options } = await setUp();
  const authorizationHeaders: (string | null)[] = [];
  const auth = createAuth({
    ...options,
    fetch: async (url, init) => {
      if (!url.startsWith(api)) return server.fetch(url, init);
      authorizationHeaders.push(new Headers(init.headers).get('authorization'));
      const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return authorizationHeaders.length === 1
        ? new Response(null, { status: 401, headers: challenge })
        : new Response('fine');
    },
  });
  const cookie = await logIn(auth.handlers, server);
  const { result, set } = await runInNext({ cookie, phase: 'action' }, () =>
    auth.fetch(`${api}/items`, { method: 'POST', body: '{}' }),
  );
  expect(await result.text()).toBe('fine');
  expect(new Set(authorizationHeaders).size).toBe(2);
  expect(set).toHaveLength(1);
  await expect(
    runInNext({ cookie }, () => auth.fetch('https://api.example.test.evil.example/')),
  ).rejects.toMatchObject({
    code: 'invalid_option',
  });
  expect(authorizationHeaders).toHaveLength(2);
});

test('S31: a forged cookie that Next decodes and lists neither starts nor ends a session', async () => {
  const { auth, cookie: sessionCookie } = await setUpLogin();
  const [name = '', value = ''] = sessionCookie.split(/=(.*)/s);
  const forgedCookies = [
    `theme=${encodeURIComponent(`; ${name}=${value}`)}`,
    `theme=x%3B${name}%3D${value}`,
    `\u00a0${name}=${value}`,
    `${name}\u00a0=${value}`,
    `\u00ff${name}=${value}`,
    `${name.toLowerCase()}=${value}`,
    `"${name}"=${value}`,
    `${encodeURIComponent(name)}%3D${value}=1`,
    `x=1, ${name}=${value}`,
  ];
  const inActions = (cookie: string) =>
    runInNext({ cookie, phase: 'action' }, async () => [await auth.getSession(), await auth.getSession()]);
  const afterAction = (cookie: string) =>
    runInNext(
      { cookie, cookieNow: cookie, headers: { 'content-type': 'multipart/form-data; boundary=x' } },
      () => auth.getSession(),
    );
  for (const cookie of forgedCookies) {
    expect((await inActions(cookie)).result, cookie.slice(0, 30)).toEqual([undefined, undefined]);
    expect((await afterAction(cookie)).result, cookie.slice(0, 30)).toBeUndefined();
    for (const both of [
      `${cookie}; ${sessionCookie}`,
      `${sessionCookie}; ${cookie}`,
      `${sessionCookie}; ${cookie}; ${name}`,
    ]) {
      const { result } = await inActions(both);
      expect(
        result.map((session) => session?.user.sub),
        both.slice(0, 30),
      ).toEqual(['alice', 'alice']);
      expect((await afterAction(both)).result?.user.sub, both.slice(0, 30)).toBe('alice');
    }
  }
});

test('S87: a page that "cookie.path" does not cover does not redirect to the login', async () => {
  const { options } = await setUp();
  const auth = createAuth({ ...options, cookie: { path: '/auth' } });
  // The page is "/page?a=b".
  await expect(runInNext({}, () => auth.requireSession())).rejects.toMatchObject({
    code: 'session_cookie_missing',
    message: expect.stringContaining('"cookie.path" is "/auth"'),
  });
  // The login leads to another page.
  expect(await readDigest(runInNext({}, () => auth.requireSession({ returnTo: '/auth/page' })))).toContain(
    '/auth/login',
  );
});
