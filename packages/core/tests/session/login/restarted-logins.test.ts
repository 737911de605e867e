// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import { html, isSignedIn, openTab, page, start, startLogin } from '../../support/session/pending-logins.ts';
import {
  baseUrl,
  createWebApp,
  sessionKinds,
  type TestBrowser,
  type WebApp,
} from '../../support/web-browser.ts';

// A callback that arrives several times restarts its login several times: a double click, a duplicated or restored tab.

const invalidGrant = {
  status: 400,
  body: '{"error":"invalid_grant"}',
  headers: { 'content-type': 'application/json' },
};

/** Sends the callback of one login several times, and returns the paths of the callbacks of its restarts. */
async function restartLogins(app: WebApp, browser: TestBrowser, users: readonly string[]) {
  const callback = await startLogin(app, browser);
  const tabs = users.map(() => openTab(app, browser));
  const callbacks: string[] = [];
  app.server.fail('token', invalidGrant);
  for (const [index, sub] of users.entries()) {
    const response = await (tabs[index] as TestBrowser).visit(callback, { headers: html });
    browser.take(response);
    app.server.signIn(sub);
    const { url } = await app.server.authorize(response.headers.get('location') ?? '');
    callbacks.push(url.pathname + url.search);
  }
  return callbacks as [string, string, ...string[]];
}

const readUser = async ({ sessions }: WebApp, browser: TestBrowser) =>
  (await sessions.open(browser.header())).session?.user.sub;

/** Visits a path without the session cookie, as after the redirect of another site with `SameSite=Strict`. */
async function visitFromOtherSite(app: WebApp, browser: TestBrowser, path: string) {
  const sent = app.open(new Map([...browser.cookies].filter(([name]) => name.includes('.login.'))));
  const response = await sent.visit(path, { headers: html });
  browser.take(response);
  return response;
}

describe.each(sessionKinds)('%s', (kind) => {
  test.each([0, 1, 2])(
    'S88: a logout while the response of a restarted login is on its way ends its session (%i completed before)',
    async (count) => {
      const { app, other } = await start(kind);
      const browser = app.open();
      const callbacks = await restartLogins(app, browser, ['alice', 'alice', 'alice']);
      for (const callback of callbacks.slice(0, count))
        expect((await browser.visit(callback, { headers: html })).status).toBe(303);
      app.server.clock.advance(5);
      const tab = openTab(other, browser);
      expect((await browser.visit(callbacks[count] as string, { headers: html })).status).toBe(303);
      expect(await isSignedIn(app, browser)).toBe(true);
      expect((await tab.visit('/auth/logout', page)).status).toBe(303);
      for (const each of [app, other]) expect(await isSignedIn(each, browser)).toBe(false);
    },
  );

  test.each([
    ['signed out', false],
    ['signed out', true],
    ['signed in before', false],
    ['signed in before', true],
    // The duplicate continues with this session.
    ['signed in since its start', false],
    ['signed in since its start', true],
  ])(
    'S88: a logout after a duplicate of a callback ends the login whose callback is running (%s; in another process: %s)',
    async (state, isInOtherProcess) => {
      const { app, other } = await start(kind);
      const browser = app.open();
      if (state === 'signed in before') await browser.logIn();
      app.server.clock.advance(5);
      const callback = await startLogin(app, browser);
      app.server.clock.advance(5);
      if (state === 'signed in since its start') await browser.logIn();
      const target = state === 'signed in since its start' ? '/' : '/authorize';
      const duplicate = openTab(app, browser);
      const requestCount = app.server.requestsTo('token').length;
      const release = app.server.hold('token');
      const login = browser.visit(callback, { headers: html });
      await expect.poll(() => app.server.requestsTo('token').length).toBe(requestCount + 1);
      const { headers } = await duplicate.visit(callback, { headers: html });
      expect(new URL(headers.get('location') ?? '', baseUrl).pathname).toBe(target);
      const tab = openTab(isInOtherProcess ? other : app, duplicate);
      expect((await tab.visit('/auth/logout', page)).status).toBe(303);
      release();
      const response = await login;
      expect(response.status).toBe(401);
      tab.take(response);
      expect(await isSignedIn(other, tab)).toBe(false);
      expect(app.server.requestsTo('revocation')).toHaveLength(state === 'signed out' ? 1 : 2);
    },
  );

  test('S88: a logout with the cookie of a restart ends the session of the replaced login, whose response is on its way', async () => {
    const { app, other } = await start(kind);
    const browser = app.open();
    const callback = await startLogin(app, browser);
    const duplicate = openTab(app, browser);
    const release = app.server.hold('token');
    const login = browser.visit(callback, { headers: html });
    await expect.poll(() => app.server.requestsTo('token').length).toBe(1);
    await duplicate.visit(callback, { headers: html });
    release();
    expect((await login).status).toBe(303);
    await openTab(other, duplicate).visit('/auth/logout', page);
    expect(await isSignedIn(app, browser)).toBe(false);
  });

  test('S88: logins whose callback is running stay in the browser, so that a logout ends them', async () => {
    const { app } = await start(kind);
    const browser = app.open();
    const callback = await startLogin(app, browser);
    const tab = openTab(app, browser);
    const release = app.server.hold('token');
    const login = browser.visit(callback, { headers: html });
    await expect.poll(() => app.server.requestsTo('token').length).toBe(1);
    const started = tab.cookies.size;
    for (let count = 0; count < 12; count++) {
      app.server.clock.advance(1);
      await tab.visit(`/auth/login?returnTo=/page/${count}`);
    }
    // Other logins were dropped.
    expect(tab.cookies.size).toBeLessThan(started + 12);
    await tab.visit('/auth/logout', page);
    release();
    const response = await login;
    expect(response.status).toBe(401);
    tab.take(response);
    expect(await isSignedIn(app, tab)).toBe(false);
  });

  test.each([{}, { cookie: { sameSite: 'strict' } } as const])(
    'S19: another user completes the second restart of a login: %j',
    async (options) => {
      const { app } = await start(kind, options);
      const browser = app.open();
      const [first, second] = await restartLogins(app, browser, ['alice', 'bob']);
      const visit = (path: string) =>
        options.cookie ? visitFromOtherSite(app, browser, path) : browser.visit(path, { headers: html });
      await visit(first);
      expect(await readUser(app, browser)).toBe('alice');
      const alice = openTab(app, browser);
      app.server.clock.advance(5);
      await visit(second);
      expect(await readUser(app, browser)).toBe('bob');
      expect(await readUser(app, alice)).toBeUndefined();
      expect(app.server.requestsTo('revocation')).toHaveLength(1);
    },
  );

  test.each([true, false])(
    'S8: two browsers with the cookie of one login begin different sessions (one replay store: %s)',
    async (sharesReplay) => {
      const { app, ports } = await start(kind);
      const elsewhere = sharesReplay
        ? app
        : await createWebApp(kind === 'stored' ? { store: ports.store } : {}, { at: app.server });
      const shared = app.open();
      const { headers } = await shared.visit('/auth/login');
      const { searchParams } = new URL(headers.get('location') ?? '');
      const query = new URLSearchParams({
        state: searchParams.get('state') ?? '',
        code: 'invented',
        iss: app.server.issuer,
      });
      const attacker = elsewhere.open(new Map(shared.cookies));
      const restart = async (browser: TestBrowser) =>
        (await browser.visit(`/auth/callback?${query}`, { headers: html })).headers.get('location') ?? '';
      const [first, second] = [await restart(shared), await restart(attacker)];
      const finish = async (browser: TestBrowser, location: string, sub: string) => {
        app.server.signIn(sub);
        const { url } = await app.server.authorize(location);
        return browser.visit(url.pathname + url.search, { headers: html });
      };
      await finish(shared, first, 'alice');
      expect(await readUser(app, shared)).toBe('alice');
      app.server.clock.advance(5);
      await finish(attacker, second, 'mallory');
      expect(await readUser(elsewhere, attacker)).toBe(
        sharesReplay || kind === 'cookie' ? 'mallory' : undefined,
      );
      if (!sharesReplay) return;
      await attacker.visit('/auth/logout', page);
      expect(await readUser(app, shared)).toBe('alice');
    },
  );

  test('the second restart of a login begins a session after that of the first one has ended', async () => {
    const { app } = await start(kind);
    const browser = app.open();
    const [first, second] = await restartLogins(app, browser, ['alice', 'alice']);
    await browser.visit(first, { headers: html });
    app.server.clock.advance(5);
    app.server.fail('token', invalidGrant);
    const session = await app.sessions.open(browser.header());
    await expect(session.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'session_ended',
    });
    expect((await browser.visit(second, { headers: html })).status).toBe(303);
    expect(await isSignedIn(app, browser)).toBe(true);
  });

  test('a fifth restart of one login is not completed, and its tokens are revoked', async () => {
    const { app } = await start(kind);
    const browser = app.open();
    const callbacks = await restartLogins(
      app,
      browser,
      Array.from({ length: 5 }, () => 'alice'),
    );
    for (const callback of callbacks.slice(0, 4)) await browser.visit(callback, { headers: html });
    const revocations = app.server.requestsTo('revocation').length;
    const attacker = app.open(new Map([...browser.cookies].filter(([name]) => name.includes('.login.'))));
    const response = await attacker.visit(callbacks[4] as string, { headers: html });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('transaction_invalid: used');
    expect(app.server.requestsTo('revocation')).toHaveLength(revocations + 1);
    expect(await isSignedIn(app, browser)).toBe(true);
  });
});
