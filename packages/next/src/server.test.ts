import { createMemorySessionStore } from '@countersign/core/session';
import { redirect } from 'next/dist/client/components/redirect.js';
import { expect, test, vi } from 'vitest';
import { api, baseUrl, logIn, setUp } from '../tests/app.ts';
import { inNext } from '../tests/request-scope.ts';
import { createAuth } from './create-auth.ts';
import type { Session } from './index.ts';
import type { AuthOptions } from './options.ts';

async function signedIn(more: Partial<AuthOptions> = {}) {
  const { server, options } = await setUp(more);
  const auth = createAuth(options);
  return { server, auth, cookie: await logIn(auth.handlers, server) };
}

const digestOf = (promise: Promise<unknown>) =>
  promise.then(
    () => '',
    (error: { digest?: string }) => error.digest ?? String(error),
  );

test('pages, actions and handlers know who is signed in', async () => {
  const { auth, cookie } = await signedIn();
  for (const phase of ['render', 'action'] as const) {
    const { result, set } = await inNext({ cookie, phase }, () => auth.getSession());
    expect(result?.user.sub).toBe('alice');
    expect(set).toEqual([]);
  }
  expect((await inNext({}, () => auth.getSession())).result).toBeUndefined();
});

test('who is not signed in is sent to the login from a page, and comes back to it', async () => {
  const { auth } = await signedIn();
  const headers = { 'x-auth-path': '/reports?year=2026' };
  expect(await digestOf(inNext({ headers }, () => auth.requireSession()))).toContain(
    '/auth/login?returnTo=%2Freports%3Fyear%3D2026',
  );
  expect(await digestOf(inNext({}, () => auth.requireSession({ returnTo: '/here' })))).toContain(
    'returnTo=%2Fhere',
  );
});

test('without a proxy, and so without a header, the user comes back to the page all the same', async () => {
  const { auth } = await signedIn();
  for (const search of ['?a=b', '?a=b&_rsc=1x2y3']) {
    const digest = await digestOf(inNext({ search }, () => auth.requireSession()));
    expect(digest, search).toContain('returnTo=%2Fpage%3Fa%3Db;');
  }
});

test('below a base path the login is named by its whole address: Next would add the path a second time', async () => {
  const { options } = await setUp({ baseUrl: `${baseUrl}/shop` });
  const auth = createAuth(options);
  expect(await digestOf(inNext({}, () => auth.requireSession()))).toContain(
    `;${baseUrl}/shop/auth/login?returnTo=%2Fshop%2Fpage%3Fa%3Db;`,
  );
});

test('an action refreshes and sets the cookie; a page says which proxy is missing, and spends nothing', async () => {
  const { server, auth, cookie } = await signedIn();
  server.clock.advance(3_610);
  await expect(inNext({ cookie }, () => auth.getAccessToken())).rejects.toMatchObject({
    code: 'wrong_context',
    message: expect.stringMatching(/while \/page is rendered.* proxy .*matcher covers \/page/),
  });
  expect(server.requestsTo('token')).toHaveLength(1);
  const { set } = await inNext({ cookie, phase: 'action' }, () => auth.getAccessToken());
  expect(set).toHaveLength(1);
  expect(set[0]).toMatch(/^__Host-session=[\w~.-]+; Path=\/; .*Max-Age=\d+; Secure; HttpOnly; SameSite=lax/i);
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('in one action, what was refreshed first is what is read next', async () => {
  const { server, auth, cookie } = await signedIn();
  server.clock.advance(3_610);
  await inNext({ cookie, phase: 'action' }, async () => {
    const first = await auth.getAccessToken();
    await auth.updateSession((data) => ({ ...data, seen: 1 }));
    const session = await auth.getSession();
    expect(session?.data).toEqual({ seen: 1 });
    expect((await auth.getAccessToken()).accessToken).toBe(first.accessToken);
  });
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('in one action, what is done at the same time loses nothing of each other', async () => {
  const { server, auth, cookie } = await signedIn();
  server.clock.advance(3_610);
  const { set } = await inNext({ cookie, phase: 'action' }, async () => {
    await Promise.all([
      auth.updateSession((data) => ({ ...data, a: 1 })),
      auth.getAccessToken(),
      auth.updateSession((data) => ({ ...data, b: 2 })),
    ]);
    await expect(auth.updateSession(() => fail())).rejects.toThrow('of the application');
    await auth.updateSession((data) => ({ ...data, c: 3 }));
  });
  const after = { cookie: set.map((line) => line.split(';')[0]).join('; ') };
  expect((await inNext(after, () => auth.getSession())).result?.data).toEqual({ a: 1, b: 2, c: 3 });
  await inNext(after, () => auth.getAccessToken());
  expect(server.requestsTo('token')).toHaveLength(2);
});

function fail(): never {
  throw new Error('of the application');
}

test('a page knows what an action, or another proxy, has made of the cookies before it', async () => {
  const { auth, cookie } = await signedIn();
  for (const headers of [
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'next-action': 'id' },
    { 'x-middleware-set-cookie': `${cookie}; Path=/` },
  ]) {
    const after = { cookie: 'theme=dark', cookieNow: `theme=dark; ${cookie}`, headers };
    expect((await inNext(after, () => auth.getSession())).result?.user.sub).toBe('alice');
    const ended = { cookie, cookieNow: '', headers };
    expect((await inNext(ended, () => auth.getSession())).result).toBeUndefined();
  }
});

test('with stored sessions a page may refresh as well', async () => {
  const { server, auth, cookie } = await signedIn({ store: createMemorySessionStore() });
  server.clock.advance(3_610);
  const { result, set } = await inNext({ cookie }, () => auth.getAccessToken());
  expect(result.accessToken).toBeTruthy();
  expect(set).toEqual([]);
});

test('layout, page and components of one rendering load the session once, and another rendering loads it again', async () => {
  const store = createMemorySessionStore();
  const get = vi.spyOn(store, 'get');
  const { server, auth, cookie } = await signedIn({ store });
  // A session is read again in another second: how fast the machine is must not decide.
  server.clock.stop();
  const readings = [1, 2];
  for (const times of readings) {
    const { result } = await inNext({ cookie }, async () => {
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

test('an action asks for the session anew each time: it may have changed or ended it', async () => {
  const store = createMemorySessionStore();
  const { server, auth, cookie } = await signedIn({ store });
  await inNext({ cookie, phase: 'action' }, async () => {
    expect((await auth.updateSession(() => ({ a: 1 }))).data).toEqual({ a: 1 });
    expect(await auth.getSession()).toBeDefined();
    await store.deleteWhere({ issuer: server.issuer, sub: 'alice' });
    expect(await auth.getSession()).toBeUndefined();
  });
});

test('a stored session that the provider ends while a page is rendered says so, although no cookie can be set', async () => {
  const { server, auth, cookie } = await signedIn({ store: createMemorySessionStore() });
  server.clock.advance(3_610);
  server.endGrants();
  await expect(inNext({ cookie }, () => auth.getAccessToken())).rejects.toMatchObject({
    code: 'session_ended',
  });
});

test('S18: inside "use cache" the session is an error that explains itself, never another user\'s data', async () => {
  const { auth, cookie } = await signedIn();
  await expect(inNext({ cookie, type: 'cache' }, () => auth.getSession())).rejects.toMatchObject({
    code: 'wrong_context',
    message: expect.stringContaining('use cache'),
  });
});

test('a page that is built ahead is told why it can have no session', async () => {
  const { auth } = await signedIn();
  for (const builtAhead of ['export', 'force-static'] as const) {
    for (const phase of ['render', 'action'] as const)
      await expect(
        inNext({ builtAhead, phase }, () => auth.getSession()),
        `${builtAhead}, ${phase}`,
      ).rejects.toMatchObject({ code: 'wrong_context', message: expect.stringContaining(builtAhead) });
  }
});

test('S18: wrapped pages, actions and handlers do not run without a session, proxy or not', async () => {
  const { auth, cookie } = await signedIn();
  const ran: string[] = [];
  const page = auth.protected.page(async ({ session, id }: { id: number; session: Session }) => {
    ran.push('page');
    return `${session.user.sub} ${id}`;
  });
  const action = auth.protected.action(async (session, text: string) => {
    ran.push('action');
    return session.user.sub + text;
  });
  const handler = auth.protected.handler(async (_: Request, { session }) => {
    ran.push('handler');
    return Response.json(session.user.sub);
  });
  expect(await digestOf(inNext({}, () => page({ id: 1 })))).toContain('NEXT_REDIRECT');
  expect(await digestOf(inNext({ phase: 'action' }, () => action('!')))).toContain('NEXT_REDIRECT');
  const asked = new Request('https://x.example');
  const refused = await inNext({ phase: 'action' }, () => handler(asked, {}));
  expect(refused.result.status).toBe(401);
  expect(ran).toEqual([]);
  expect((await inNext({ cookie }, () => page({ id: 1 }))).result).toBe('alice 1');
  expect((await inNext({ cookie, phase: 'action' }, () => action('!'))).result).toBe('alice!');
  const signed = new Request(asked, { headers: { cookie } });
  expect((await inNext({ cookie, phase: 'action' }, () => handler(signed, {}))).result.status).toBe(200);
});

test('a page whose tokens have ended for good leads to the login', async () => {
  const { server, auth, cookie } = await signedIn({ scope: 'openid' });
  server.clock.advance(3_610);
  const page = auth.protected.page(async ({ session }: { session: Session }) => {
    await auth.getAccessToken();
    return session.user.sub;
  });
  expect(await digestOf(inNext({ cookie }, () => page({})))).toContain('/auth/login');
});

test('scopes that the login was not granted are refused', async () => {
  const { auth, cookie } = await signedIn({ scope: 'openid read' });
  expect((await inNext({ cookie }, () => auth.requireScopes('read'))).result.user.sub).toBe('alice');
  const page = auth.protected.page(async () => 'ran', { scopes: ['write'] });
  const action = auth.protected.action(async () => 'ran', { scopes: ['write'] });
  // By this digest Next knows that it has to answer 403.
  const refused = { code: 'insufficient_scope', status: 403, digest: 'NEXT_HTTP_ERROR_FALLBACK;403' };
  for (const run of [() => auth.requireScopes('read', 'write'), () => page({}), action])
    await expect(inNext<unknown>({ cookie }, run)).rejects.toMatchObject(refused);
  const handler = auth.protected.handler(async () => new Response('ran'), { scopes: ['write'] });
  const asked = new Request('https://x.example', { headers: { cookie } });
  const { result } = await inNext({ cookie, phase: 'action' }, () => handler(asked, {}));
  expect(result.status).toBe(403);
});

test('S61: once a handler has returned its response, no refresh token is spent, and the error says what to do', async () => {
  const { server, auth, cookie } = await signedIn();
  server.clock.advance(3_610);
  const handlers = {
    open: async (stream: () => Promise<unknown>) => ({ running: stream() }),
    protected: async (stream: () => Promise<unknown>) => {
      let running: Promise<unknown> | undefined;
      await auth.protected.handler(async () => {
        running = stream();
        return new Response('begun');
      })(new Request(baseUrl, { headers: { cookie } }), {});
      return { running };
    },
  };
  const calls: Record<string, () => Promise<unknown>> = {
    getAccessToken: () => auth.getAccessToken(),
    updateSession: () => auth.updateSession((data) => ({ ...data, a: 1 })),
    fetch: () => auth.fetch(`${api}/items`),
  };
  for (const [kind, handler] of Object.entries(handlers)) {
    for (const [name, call] of Object.entries(calls)) {
      let begin = () => {};
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const { result, set } = await inNext({ cookie, phase: 'action' }, () =>
        handler(() => begun.then(call)),
      );
      begin();
      await expect(result.running, `${kind}, ${name}`).rejects.toMatchObject({
        code: 'wrong_context',
        message: expect.stringMatching(/before (you return the response|the response is returned)/),
      });
      expect(set).toEqual([]);
    }
  }
  expect(server.requestsTo('token')).toHaveLength(1);
});

test('S61: outside a request, as in a stream that is read later, the error says what to do', async () => {
  const { auth } = await signedIn();
  for (const call of [
    () => auth.getSession(),
    () => auth.getAccessToken(),
    () => auth.updateSession((data) => data),
    () => auth.fetch(`${api}/items`),
  ])
    await expect(call()).rejects.toMatchObject({
      code: 'wrong_context',
      message: expect.stringContaining('before you return the response'),
    });
});

test('S61: a protected handler waits for a refresh that was not awaited, and its response has the cookie', async () => {
  const { server, auth, cookie } = await signedIn();
  server.clock.advance(3_610);
  const handler = auth.protected.handler(async () => {
    await Promise.race([auth.getAccessToken(), Promise.resolve()]);
    return new Response('done', { headers: { 'cache-control': 'public, max-age=60' } });
  });
  const asked = new Request(baseUrl, { headers: { cookie } });
  const { result, set } = await inNext({ cookie, phase: 'action' }, () => handler(asked, {}));
  expect(set).toHaveLength(1);
  expect(server.requestsTo('token')).toHaveLength(2);
  // A response with a cookie of the session is for one user, whatever the handler says.
  expect(result.headers.get('cache-control')).toBe('private, no-store');
});

test.each([
  ['of its own', () => new Response('x'), 'private, no-store', 'Cookie'],
  [
    'that says otherwise',
    () => new Response('x', { headers: { 'cache-control': 'private, max-age=5', vary: 'Accept' } }),
    'private, max-age=5',
    'Accept, Cookie',
  ],
  ['that cannot be changed', () => Response.redirect(`${baseUrl}/x`), 'private, no-store', 'Cookie'],
])(
  'S62: a response %s of a protected handler is not for shared caches',
  async (_, respond, cacheControl, vary) => {
    const { auth, cookie } = await signedIn();
    const handler = auth.protected.handler(async () => respond());
    const asked = new Request(baseUrl, { headers: { cookie } });
    const { result } = await inNext({ cookie, phase: 'action' }, () => handler(asked, {}));
    expect(result.headers.get('cache-control')).toBe(cacheControl);
    expect(result.headers.get('vary')).toBe(vary);
  },
);

test('S64: a protected handler answers for what it could not do, and keeps what Next throws itself', async () => {
  const store = createMemorySessionStore();
  const { server, auth, cookie } = await signedIn({ store, retries: 0 });
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const asked = new Request(baseUrl, { headers: { cookie } });
  const run = async (handler: () => Promise<Response>) =>
    (await inNext({ cookie, phase: 'action' }, () => auth.protected.handler(handler)(asked, {}))).result;
  server.clock.advance(3_610);
  const answerWithToken = async () => Response.json(await auth.getAccessToken());
  server.fail('token', { status: 503, headers: { 'retry-after': '3' } });
  const unavailable = await run(answerWithToken);
  expect([unavailable.status, unavailable.headers.get('retry-after')]).toEqual([503, '3']);
  expect(log).toHaveBeenCalledTimes(1);
  expect(await digestOf(run(async () => redirect('/elsewhere')))).toContain('NEXT_REDIRECT');
  await expect(run(() => Promise.reject(new Error('of the application')))).rejects.toThrow(
    'of the application',
  );
  server.endGrants();
  const ended = await run(answerWithToken);
  expect([ended.status, await ended.json()]).toEqual([401, { error: 'session_ended' }]);
  const get = vi.spyOn(store, 'get').mockRejectedValue(new Error('away'));
  expect((await run(answerWithToken)).status).toBe(503);
  get.mockRestore();
  log.mockRestore();
});

test('auth.fetch sends the token to the API, renews it once when it is refused, and sends it nowhere else', async () => {
  const { server, options } = await setUp();
  const seen: (string | null)[] = [];
  const auth = createAuth({
    ...options,
    fetch: async (url, init) => {
      if (!url.startsWith(api)) return server.fetch(url, init);
      seen.push(new Headers(init.headers).get('authorization'));
      const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return seen.length === 1
        ? new Response(null, { status: 401, headers: challenge })
        : new Response('fine');
    },
  });
  const cookie = await logIn(auth.handlers, server);
  const { result, set } = await inNext({ cookie, phase: 'action' }, () =>
    auth.fetch(`${api}/items`, { method: 'POST', body: '{}' }),
  );
  expect(await result.text()).toBe('fine');
  expect(new Set(seen).size).toBe(2);
  expect(set).toHaveLength(1);
  await expect(
    inNext({ cookie }, () => auth.fetch('https://api.example.test.evil.example/')),
  ).rejects.toMatchObject({
    code: 'invalid_option',
  });
  expect(seen).toHaveLength(2);
});

test('S31: what Next decodes and lists of a planted cookie is no session, and ends none', async () => {
  const { auth, cookie: own } = await signedIn();
  const [name = '', value = ''] = own.split(/=(.*)/s);
  const planted = [
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
    inNext({ cookie, phase: 'action' }, async () => [await auth.getSession(), await auth.getSession()]);
  const afterAction = (cookie: string) =>
    inNext(
      { cookie, cookieNow: cookie, headers: { 'content-type': 'multipart/form-data; boundary=x' } },
      () => auth.getSession(),
    );
  for (const cookie of planted) {
    expect((await inActions(cookie)).result, cookie.slice(0, 30)).toEqual([undefined, undefined]);
    expect((await afterAction(cookie)).result, cookie.slice(0, 30)).toBeUndefined();
    for (const both of [`${cookie}; ${own}`, `${own}; ${cookie}`, `${own}; ${cookie}; ${name}`]) {
      const { result } = await inActions(both);
      expect(
        result.map((session) => session?.user.sub),
        both.slice(0, 30),
      ).toEqual(['alice', 'alice']);
      expect((await afterAction(both)).result?.user.sub, both.slice(0, 30)).toBe('alice');
    }
  }
});
