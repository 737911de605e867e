// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import { createMemoryReplayStore } from '../../../src/session/index.ts';
import type { WebSessionOptions } from '../../../src/session/options.ts';
import {
  baseUrl,
  createWebApp,
  sessionKinds,
  type TestBrowser,
  type WebApp,
} from '../../support/web-browser.ts';

// The user logs out in one tab while a login of the same browser is pending in another.

const html = { accept: 'text/html' };
const page = { method: 'POST', headers: { origin: baseUrl, ...html } };
const unavailable = () => Promise.reject(new Error('unavailable'));

async function start(kind: (typeof sessionKinds)[number], more: Partial<WebSessionOptions> = {}) {
  const store = createMemorySessionStore();
  const tombstones = createMemoryTombstoneStore();
  const replay = createMemoryReplayStore();
  const options = { replay, tombstones, ...(kind === 'stored' && { store }), ...more };
  const app = await createWebApp(options);
  return {
    app,
    other: await createWebApp(options, { at: app.server }),
    ports: { store, tombstones, replay },
  };
}

/** Starts a login, and returns the path of its callback. */
async function startLogin({ server }: WebApp, browser: TestBrowser): Promise<string> {
  const started = await browser.visit('/auth/login');
  const { url } = await server.authorize(started.headers.get('location') ?? '');
  return url.pathname + url.search;
}

/** A second tab of the browser: its requests send the cookies of this moment. */
const openTab = (app: WebApp, browser: TestBrowser) => app.open(new Map(browser.cookies));

async function isSignedIn({ sessions }: WebApp, browser: TestBrowser): Promise<boolean> {
  return (await sessions.open(browser.header())).session !== undefined;
}

describe.each(sessionKinds)('%s', (kind) => {
  test.each([
    ['token', false, false],
    ['token', true, false],
    ['token', true, true],
    ['userinfo', false, false],
    ['userinfo', true, true],
  ] as const)(
    'S88: a logout during the %s request begins no session (in another process: %s, signed in before: %s)',
    async (endpoint, inOther, wasSignedIn) => {
      const { app, other } = await start(kind, { userinfo: endpoint === 'userinfo' });
      const browser = app.open();
      if (wasSignedIn) await browser.logIn();
      const callback = await startLogin(app, browser);
      const tab = openTab(inOther ? other : app, browser);
      const before = app.server.requestsTo(endpoint).length;
      const release = app.server.hold(endpoint);
      const login = browser.visit(callback, { headers: html });
      await expect.poll(() => app.server.requestsTo(endpoint).length).toBe(before + 1);
      const loggedOut = await tab.visit('/auth/logout', page);
      expect(loggedOut.status).toBe(303);
      // The user may be signed in at the provider already.
      expect(loggedOut.headers.get('location')).toContain('/end-session');
      expect([...tab.cookies.keys()].filter((name) => name.includes('.login.'))).toEqual([]);
      release();
      const response = await login;
      expect(response.status).toBe(401);
      expect(await response.text()).toContain('session_ended');
      expect(app.events).toContainEqual(
        expect.objectContaining({ type: 'request.failed', route: 'callback', code: 'session_ended' }),
      );
      expect(response.headers.getSetCookie().some((line) => /^__Host-session=[^;]/.test(line))).toBe(false);
      expect(await isSignedIn(other, browser)).toBe(false);
      expect(app.server.requestsTo('revocation')).toHaveLength(wasSignedIn ? 2 : 1);
      // A later login succeeds.
      app.server.clock.advance(1);
      expect((await browser.logIn()).status).toBe(303);
      expect(await isSignedIn(other, browser)).toBe(true);
    },
  );

  test.each([false, true])(
    'S88: a logout before the response of the callback arrives ends its session (in another process: %s)',
    async (inOther) => {
      const { app, other } = await start(kind);
      const browser = app.open();
      const callback = await startLogin(app, browser);
      const tab = openTab(inOther ? other : app, browser);
      expect((await browser.visit(callback)).status).toBe(303);
      const loggedOut = await tab.visit('/auth/logout', page);
      expect(loggedOut.headers.get('location')).toContain('/end-session');
      for (const each of [app, other]) expect(await isSignedIn(each, browser)).toBe(false);
      // The store has the refresh token of a stored session. That of a cookie session is on its way to the browser.
      expect(app.server.requestsTo('revocation')).toHaveLength(kind === 'stored' ? 1 : 0);
      app.server.clock.advance(6 * 86_400);
      expect(await isSignedIn(app, browser)).toBe(false);
    },
  );

  test('S88: a failed callback does not delete the record of a logout for a second callback of the login', async () => {
    const { app, other, ports } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const callback = await startLogin(app, browser);
    const { claim, release } = ports.replay;
    let started: string | undefined;
    let continueRelease = () => {};
    const isContinued = new Promise<void>((resolve) => {
      continueRelease = resolve;
    });
    const released: string[] = [];
    Object.assign(ports.replay, {
      claim(key: string, timeToLive: number) {
        started ??= key;
        return claim(key, timeToLive);
      },
      async release(key: string) {
        released.push(key);
        if (key !== started) await isContinued;
        await release?.(key);
      },
    });
    const denied = new URL(callback, baseUrl);
    denied.searchParams.delete('code');
    denied.searchParams.set('error', 'access_denied');
    const failed = openTab(app, browser).visit(denied.pathname + denied.search, { headers: html });
    await expect.poll(() => released.length).toBeGreaterThan(0);
    const tab = openTab(app, browser);
    const second = openTab(other, browser);
    const sendAgain = app.server.hold('token');
    const login = second.visit(callback, { headers: html });
    expect((await tab.visit('/auth/logout', page)).status).toBe(303);
    continueRelease();
    await failed;
    sendAgain();
    await login;
    for (const each of [app, other]) expect(await isSignedIn(each, second)).toBe(false);
  });

  test.each([
    ['rejected by the logout', true],
    ['rejected by the logout', false],
    ['that fails', true],
    ['that fails', false],
  ] as const)(
    'S88: a callback %s leaves the record of the logout for a copy of the callback (signed in before: %s)',
    async (kindOfFailure, wasSignedIn) => {
      const { app, other, ports } = await start(kind);
      const browser = app.open();
      if (wasSignedIn) await browser.logIn();
      const callback = await startLogin(app, browser);
      const failing = new URL(callback, baseUrl);
      if (kindOfFailure === 'that fails') {
        failing.searchParams.delete('code');
        failing.searchParams.set('error', 'access_denied');
      }
      const [first, tab, copy] = [openTab(app, browser), openTab(app, browser), openTab(other, browser)];
      const { claim } = ports.replay;
      let isClaimed = false;
      let continueClaim = () => {};
      const isContinued = new Promise<void>((resolve) => {
        continueClaim = resolve;
      });
      // The callback has claimed its login and continues after the logout.
      Object.assign(ports.replay, {
        async claim(key: string, timeToLive: number) {
          const result = await claim(key, timeToLive);
          if (!isClaimed) {
            isClaimed = true;
            await isContinued;
          }
          return result;
        },
      });
      const login = first.visit(failing.pathname + failing.search, { headers: html });
      await expect.poll(() => isClaimed).toBe(true);
      expect((await tab.visit('/auth/logout', page)).status).toBe(303);
      continueClaim();
      expect((await login).status).not.toBe(303);
      await copy.visit(callback, { headers: html });
      for (const each of [app, other]) expect(await isSignedIn(each, copy)).toBe(false);
    },
  );

  test('S88: a callback that was sent before a logout and arrives after it begins no session', async () => {
    for (const wasSignedIn of [false, true]) {
      const { app } = await start(kind);
      const browser = app.open();
      if (wasSignedIn) await browser.logIn();
      const callback = await startLogin(app, browser);
      const tab = openTab(app, browser);
      await tab.visit('/auth/logout', page);
      const response = await browser.visit(callback, { headers: html });
      expect(response.status).toBe(401);
      expect(await isSignedIn(app, browser)).toBe(false);
    }
  });

  test('S88: a signed-in user logs out, and a pending login begins no session in another process', async () => {
    const { app, other } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const callback = await startLogin(app, browser);
    await openTab(other, browser).visit('/auth/logout', page);
    expect((await browser.visit(callback, { headers: html })).status).toBe(401);
    expect(await isSignedIn(app, browser)).toBe(false);
    expect(app.server.requestsTo('revocation')).toHaveLength(2);
  });

  test.each([
    ['while the provider is unavailable', 'token'],
    ['whose code the provider rejects', 'code'],
    ['with a response that is not valid', 'iss'],
  ] as const)(
    'S88: after a logout without a session and a callback %s, a copy of the callback begins no session elsewhere',
    async (_, failure) => {
      const { app, other } = await start(kind);
      const browser = app.open();
      const callback = await startLogin(app, browser);
      const copy = openTab(other, browser);
      const failing = new URL(callback, baseUrl);
      if (failure !== 'token') failing.searchParams.set(failure, 'https://invented.test');
      if (failure === 'token') app.server.fail('token', { status: 503 });
      const isSent = failure !== 'iss';
      const release = isSent ? app.server.hold('token') : () => {};
      const login = openTab(app, browser).visit(failing.pathname + failing.search, { headers: html });
      if (isSent) await expect.poll(() => app.server.requestsTo('token').length).toBe(1);
      expect((await browser.visit('/auth/logout', page)).status).toBe(303);
      release();
      expect((await login).status).not.toBe(303);
      expect((await copy.visit(callback, { headers: html })).status).toBe(401);
      for (const each of [app, other]) expect(await isSignedIn(each, copy)).toBe(false);
    },
  );

  test.each([1, 3])(
    'S88: a logout without a session ends %s logins whose callbacks arrive later at another process',
    async (count) => {
      const { app, other } = await start(kind);
      const browser = app.open();
      const callbacks: string[] = [];
      for (let index = 0; index < count; index++) callbacks.push(await startLogin(app, browser));
      const copy = openTab(other, browser);
      expect((await browser.visit('/auth/logout', page)).headers.get('location')).toBe(`${baseUrl}/`);
      for (const callback of callbacks) {
        expect((await copy.visit(callback, { headers: html })).status).toBe(401);
        expect(await isSignedIn(other, copy)).toBe(false);
      }
      // The tokens are revoked. The next login succeeds.
      expect(app.server.requestsTo('revocation')).toHaveLength(count);
      app.server.clock.advance(1);
      expect((await copy.logIn()).status).toBe(303);
      expect(await isSignedIn(app, copy)).toBe(true);
    },
  );

  test('S88: ends all logins of the browser, and none of another browser', async () => {
    const { app } = await start(kind);
    const [browser, another] = [app.open(), app.open()];
    const callbacks = [await startLogin(app, browser), await startLogin(app, browser)];
    const anothers = await startLogin(app, another);
    await openTab(app, browser).visit('/auth/logout', page);
    for (const callback of callbacks)
      expect((await browser.visit(callback, { headers: html })).status).toBe(401);
    expect((await another.visit(anothers)).status).toBe(303);
    expect(await isSignedIn(app, another)).toBe(true);
  });

  test('S88: without the replay store, ends the login of a signed-in user, and reports others', async () => {
    for (const wasSignedIn of [false, true]) {
      const { app, other, ports } = await start(kind);
      const browser = app.open();
      if (wasSignedIn) await browser.logIn();
      const callback = await startLogin(app, browser);
      const tab = openTab(other, browser);
      const release = app.server.hold('token');
      const login = browser.visit(callback, { headers: html });
      await expect.poll(() => app.server.requestsTo('token').length).toBe(wasSignedIn ? 2 : 1);
      const working = { ...ports.replay };
      Object.assign(ports.replay, { claim: unavailable, has: unavailable });
      expect((await tab.visit('/auth/logout', page)).status).toBe(wasSignedIn ? 303 : 503);
      expect(other.events).toContainEqual({ type: 'store.unavailable', port: 'replay' });
      // The store fails until the code is exchanged, or is available again.
      if (wasSignedIn) Object.assign(ports.replay, working);
      release();
      expect((await login).status).toBe(wasSignedIn ? 401 : 503);
      expect(await isSignedIn(app, browser)).toBe(false);
      expect(app.server.requestsTo('revocation')).toHaveLength(wasSignedIn ? 2 : 1);
    }
  });

  test('S88: while the session of the login cannot be ended, the logout is reported and repeated', async () => {
    const { app, other, ports } = await start(kind);
    const browser = app.open();
    const callback = await startLogin(app, browser);
    const tab = openTab(app, browser);
    expect((await browser.visit(callback)).status).toBe(303);
    const port: object = kind === 'stored' ? ports.store : ports.tombstones;
    const working = { ...port };
    Object.assign(port, kind === 'stored' ? { set: unavailable, delete: unavailable } : { set: unavailable });
    const failed = await tab.visit('/auth/logout', page);
    expect(failed.status).toBe(503);
    expect(await isSignedIn(app, browser)).toBe(false);
    Object.assign(port, working);
    await expect.poll(() => isSignedIn(other, browser), { timeout: 10_000 }).toBe(false);
  });

  test('S34: logouts of anonymous users leave a limited count of records, until the logins expire', async () => {
    const { app, ports } = await start(kind);
    const { server } = app;
    const claimed: string[] = [];
    const { replay, tombstones, store } = ports;
    const { claim } = replay;
    Object.assign(replay, {
      claim(key: string, timeToLive: number) {
        claimed.push(key);
        return claim(key, timeToLive);
      },
    });
    Object.assign(tombstones, { set: unavailable });
    Object.assign(store, { set: unavailable });
    // Each request logs out with the cookies of 100 logins.
    const logOut = async () => {
      const browser = app.open();
      for (let count = 0; count < 100; count++) {
        const { url, cookies } = await app.sessions.startLogin('');
        expect(url.href).toContain('state=');
        for (const { name, value } of cookies) browser.cookies.set(name, value);
      }
      expect((await browser.visit('/auth/logout', page)).status).toBe(303);
      return browser;
    };
    for (let count = 0; count < 12; count++) await logOut();
    expect(claimed).toHaveLength(1_000);
    // A login beyond the limit with an invented code, during its token request: its claims are released.
    const isClaimed = async () => (await Promise.all(claimed.map((key) => replay.has(key)))).includes(true);
    claimed.length = 0;
    const browser = app.open();
    const callback = new URL(await startLogin(app, browser), baseUrl);
    callback.searchParams.set('code', 'invented');
    const tab = openTab(app, browser);
    const release = server.hold('token');
    const login = browser.visit(callback.pathname + callback.search, { headers: html });
    await expect.poll(() => server.requestsTo('token').length).toBe(1);
    await tab.visit('/auth/logout', page);
    await tab.visit('/auth/logout', page);
    release();
    await login;
    expect(claimed.length).toBeGreaterThan(0);
    expect(await isClaimed()).toBe(false);
    // The records expire with their logins, and others take their place.
    server.clock.advance(3_602);
    claimed.length = 0;
    await logOut();
    expect(claimed).toHaveLength(100);
  });
});
