// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test, vi } from 'vitest';
import { createMemorySessionStore } from '../../src/session/backends/stores/memory-session-store.ts';
import {
  baseUrl,
  createSessionOptions,
  createWebApp,
  sessionKinds,
  type WebApp,
} from '../support/web-browser.ts';

const sameOrigin = { origin: baseUrl };

/** The other requests run in the meantime. */
const nextTask = () => new Promise((resolve) => setTimeout(resolve, 0));

test('writes the use of a stored session once for each of many parallel requests, at most', async () => {
  const store = createMemorySessionStore();
  const { get, set } = store;
  let writeCount = 0;
  store.get = async (key) => {
    await nextTask();
    return get(key);
  };
  store.set = async (...record) => {
    writeCount++;
    await nextTask();
    return set(...record);
  };
  const app = await createWebApp({ store, idleLifetime: 1_000 });
  app.server.clock.stop();
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(200);
  writeCount = 0;
  const sessions = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const requestSession = await app.sessions.open(browser.header());
      await requestSession.touch();
      return requestSession.session;
    }),
  );
  expect(writeCount).toBeLessThanOrEqual(30);
  const expiresAt = Math.floor(app.server.clock.now() / 1_000) + 1_000;
  expect(sessions.map((session) => session?.expiresAt)).toEqual(sessions.map(() => expiresAt));
});

for (const kind of sessionKinds) {
  const start = async (...[options, more]: Parameters<typeof createWebApp>) => {
    const app = await createWebApp({ ...createSessionOptions(kind), ...options }, more);
    // The lifetimes are checked to the second.
    app.server.clock.stop();
    return app;
  };

  test(`S3, ${kind}: ends a session after its idle lifetime`, async () => {
    const app = await start({ idleLifetime: 1_000, absoluteLifetime: 5_000 });
    if (kind === 'stored') return checkStoredLifetimes(app);
    const browser = app.open();
    await browser.logIn();
    const copy = browser.header();
    app.server.clock.advance(999);
    expect((await app.sessions.open(copy)).session).toBeDefined();
    app.server.clock.advance(2);
    expect((await app.sessions.open(copy)).session).toBeUndefined();
  });

  test(`S3, ${kind}: extends a used session, but not beyond its absolute lifetime`, async () => {
    const app = await start({ idleLifetime: 1_000, absoluteLifetime: 2_500 });
    const browser = app.open();
    await browser.logIn();
    for (let i = 0; i < 3; i++) {
      app.server.clock.advance(800);
      const { session } = await (await browser.visit('/auth/session')).json();
      expect(session).not.toBeNull();
    }
    app.server.clock.advance(200);
    expect(await (await browser.visit('/auth/session')).json()).toEqual({ session: null });
  });

  test(`S3, ${kind}: rejects a copied cookie after a logout`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    const copy = browser.header();
    const response = await browser.visit('/auth/logout', { method: 'POST', headers: sameOrigin });
    expect(response.status).toBe(303);
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('post_logout_redirect_uri')).toBe(
      `${baseUrl}/`,
    );
    // The state of the logout remains until the provider redirects the user back.
    expect([...browser.cookies.keys()]).toEqual(['__Host-session.logout']);
    expect((await app.sessions.open(copy)).session).toBeUndefined();
    expect(app.server.requestsTo('revocation')).toHaveLength(1);
  });

  test(`S15, ${kind}: a logout during a refresh is final`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    app.server.clock.advance(3_590);
    const release = app.server.hold('token');
    const requestSession = await app.sessions.open(browser.header());
    const refresh = requestSession.getAccessToken();
    await expect.poll(() => app.server.requestsTo('token').length).toBe(2);
    const copy = browser.header();
    await browser.visit('/auth/logout', { method: 'POST', headers: sameOrigin });
    release();
    await expect(refresh).rejects.toMatchObject({ code: 'session_ended' });
    expect(requestSession.cookies.every(({ maxAge }) => maxAge === 0)).toBe(true);
    expect((await app.sessions.open(copy)).session).toBeUndefined();
  });

  test(`S15, ${kind}: returns no token for a session that ended during the request`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    const requestSession = await app.sessions.open(browser.header());
    expect((await requestSession.getAccessToken()).accessToken).toBeTruthy();
    const otherSession = await app.sessions.open(browser.header());
    await browser.visit('/auth/logout', { method: 'POST', headers: sameOrigin });
    await expect(requestSession.getAccessToken()).rejects.toMatchObject({ name: 'LoginRequiredError' });
    app.server.clock.advance(1);
    await expect(otherSession.getAccessToken()).rejects.toMatchObject({ name: 'LoginRequiredError' });
  });

  test(`S8, S19, ${kind}: a login of another user ends the previous session, and gets a new identifier`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    const previousCookie = browser.header();
    app.server.signIn('bob');
    await browser.logIn();
    expect(browser.header()).not.toBe(previousCookie);
    expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('bob');
    expect((await app.sessions.open(previousCookie)).session).toBeUndefined();
  });

  test(`${kind}: ends a session after invalid_grant, but not while the provider is unavailable`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    app.server.clock.advance(3_700);
    app.server.fail('token', { status: 503 });
    const failingSession = await app.sessions.open(browser.header());
    await expect(failingSession.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
    expect(failingSession.session).toBeDefined();
    expect(failingSession.cookies).toEqual([]);
    app.server.endGrants();
    const endedSession = await app.sessions.open(browser.header());
    await expect(endedSession.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(endedSession.session).toBeUndefined();
    expect(endedSession.cookies.map(({ name, maxAge }) => [name, maxAge])).toEqual([
      ['__Host-session', 0],
      ['__Host-session.completed', 0],
    ]);
    expect((await app.sessions.open(browser.header())).session).toBeUndefined();
  });
}

test('S15: does not write a session that ended concurrently', async () => {
  for (const options of [{}, createSessionOptions('stored')]) {
    const app = await createWebApp(options);
    const browser = app.open();
    await browser.logIn();
    const requestSession = await app.sessions.open(browser.header());
    await browser.visit('/auth/logout', { method: 'POST', headers: sameOrigin });
    await expect(requestSession.update(() => ({ late: true }))).rejects.toMatchObject({
      code: 'session_ended',
    });
    expect(requestSession.cookies).toEqual([]);
  }
});

test('spends the refresh token of a stored session, but not of a cookie session, if no cookie can be set', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_610);
  const cookieSession = await app.sessions.open(browser.header(), { writable: false });
  await expect(cookieSession.getAccessToken()).rejects.toMatchObject({ code: 'wrong_context' });
  expect(app.server.requestsTo('token')).toHaveLength(1);

  const stored = await createWebApp(createSessionOptions('stored'));
  const other = stored.open();
  await other.logIn();
  stored.server.clock.advance(3_610);
  const requestSession = await stored.sessions.open(other.header(), { writable: false });
  expect((await requestSession.getAccessToken()).accessToken).toBeTruthy();
});

test('reads the session store once for a request with a valid token', async () => {
  const store = createMemorySessionStore();
  const get = vi.spyOn(store, 'get');
  const app = await createWebApp({ store });
  const browser = app.open();
  await browser.logIn();
  get.mockClear();
  await (await app.sessions.open(browser.header())).getAccessToken();
  expect(get).toHaveBeenCalledTimes(1);
});

test('returns the same tokens and Set-Cookie to late requests with the previous cookie', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_590);
  const requestSessions = await Promise.all(
    Array.from({ length: 20 }, () => app.sessions.open(browser.header())),
  );
  const tokens = await Promise.all(requestSessions.map((each) => each.getAccessToken()));
  const lateSession = await app.sessions.open(browser.header());
  tokens.push(await lateSession.getAccessToken());
  expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
  const cookies = [...requestSessions, lateSession].map((each) =>
    each.cookies.map(({ name, value }) => name + value).join(),
  );
  expect(new Set(cookies).size).toBe(1);
  expect(app.server.requestsTo('token')).toHaveLength(2);
});

async function checkStoredLifetimes(app: WebApp): Promise<void> {
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(1_001);
  expect((await app.sessions.open(browser.header())).session).toBeUndefined();
}
