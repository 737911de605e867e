// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import {
  html,
  isSignedIn,
  openTab,
  page,
  start,
  startLogin,
  unavailable,
} from '../../support/session/pending-logins.ts';
import { baseUrl, sessionKinds } from '../../support/web-browser.ts';

describe.each(sessionKinds)('%s', (kind) => {
  test('S88: a failed callback keeps the record of a logout for a second callback of the login', async () => {
    const { app, other, ports } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const callback = await startLogin(app, browser);
    const { claim, release } = ports.replay;
    let firstKey: string | undefined;
    let continueRelease = () => {};
    const barrier = new Promise<void>((resolve) => {
      continueRelease = resolve;
    });
    const releasedKeys: string[] = [];
    Object.assign(ports.replay, {
      claim(key: string, timeToLive: number) {
        firstKey ??= key;
        return claim(key, timeToLive);
      },
      async release(key: string) {
        releasedKeys.push(key);
        if (key !== firstKey) await barrier;
        await release?.(key);
      },
    });
    const deniedCallback = new URL(callback, baseUrl);
    deniedCallback.searchParams.delete('code');
    deniedCallback.searchParams.set('error', 'access_denied');
    const failedRequest = openTab(app, browser).visit(deniedCallback.pathname + deniedCallback.search, {
      headers: html,
    });
    await expect.poll(() => releasedKeys.length).toBeGreaterThan(0);
    const tab = openTab(app, browser);
    const second = openTab(other, browser);
    const continueExchange = app.server.hold('token');
    const login = second.visit(callback, { headers: html });
    expect((await tab.visit('/auth/logout', page)).status).toBe(303);
    continueRelease();
    await failedRequest;
    continueExchange();
    await login;
    for (const each of [app, other]) expect(await isSignedIn(each, second)).toBe(false);
  });

  test.each([
    ['rejected by the logout', true],
    ['rejected by the logout', false],
    ['that fails', true],
    ['that fails', false],
  ] as const)(
    'S88: a callback %s keeps the record of the logout for a copy of the callback (signed in before: %s)',
    async (kindOfFailure, wasSignedIn) => {
      const { app, other, ports } = await start(kind);
      const browser = app.open();
      if (wasSignedIn) await browser.logIn();
      const callback = await startLogin(app, browser);
      const firstCallback = new URL(callback, baseUrl);
      if (kindOfFailure === 'that fails') {
        firstCallback.searchParams.delete('code');
        firstCallback.searchParams.set('error', 'access_denied');
      }
      const [first, tab, copy] = [openTab(app, browser), openTab(app, browser), openTab(other, browser)];
      const { claim } = ports.replay;
      let isClaimed = false;
      let continueClaim = () => {};
      const barrier = new Promise<void>((resolve) => {
        continueClaim = resolve;
      });
      // The callback has claimed its login and continues after the logout.
      Object.assign(ports.replay, {
        async claim(key: string, timeToLive: number) {
          const result = await claim(key, timeToLive);
          if (!isClaimed) {
            isClaimed = true;
            await barrier;
          }
          return result;
        },
      });
      const login = first.visit(firstCallback.pathname + firstCallback.search, { headers: html });
      await expect.poll(() => isClaimed).toBe(true);
      expect((await tab.visit('/auth/logout', page)).status).toBe(303);
      continueClaim();
      expect((await login).status).not.toBe(303);
      await copy.visit(callback, { headers: html });
      for (const each of [app, other]) expect(await isSignedIn(each, copy)).toBe(false);
    },
  );

  test.each([
    ['while the provider is unavailable', 'token'],
    ['whose code the provider rejects', 'code'],
    ['with an invalid response', 'iss'],
  ] as const)(
    'S88: after a logout without a session and a callback %s, another process rejects a copy of the callback',
    async (_, failure) => {
      const { app, other } = await start(kind);
      const browser = app.open();
      const callback = await startLogin(app, browser);
      const copy = openTab(other, browser);
      const firstCallback = new URL(callback, baseUrl);
      if (failure !== 'token') firstCallback.searchParams.set(failure, 'https://invented.test');
      if (failure === 'token') app.server.fail('token', { status: 503 });
      const isSent = failure !== 'iss';
      const release = isSent ? app.server.hold('token') : () => {};
      const login = openTab(app, browser).visit(firstCallback.pathname + firstCallback.search, {
        headers: html,
      });
      if (isSent) await expect.poll(() => app.server.requestsTo('token').length).toBe(1);
      expect((await browser.visit('/auth/logout', page)).status).toBe(303);
      release();
      expect((await login).status).not.toBe(303);
      expect((await copy.visit(callback, { headers: html })).status).toBe(401);
      for (const each of [app, other]) expect(await isSignedIn(each, copy)).toBe(false);
    },
  );

  test('S88: without the replay store, a logout of a signed-in user ends the login, and other logouts fail with 503', async () => {
    for (const wasSignedIn of [false, true]) {
      const { app, other, ports } = await start(kind);
      const browser = app.open();
      if (wasSignedIn) await browser.logIn();
      const callback = await startLogin(app, browser);
      const tab = openTab(other, browser);
      const release = app.server.hold('token');
      const login = browser.visit(callback, { headers: html });
      await expect.poll(() => app.server.requestsTo('token').length).toBe(wasSignedIn ? 2 : 1);
      const originalMethods = { ...ports.replay };
      Object.assign(ports.replay, { claim: unavailable, has: unavailable });
      expect((await tab.visit('/auth/logout', page)).status).toBe(wasSignedIn ? 303 : 503);
      expect(other.events).toContainEqual({ type: 'store.unavailable', port: 'replay' });
      // The store fails until the code is exchanged, or is available again.
      if (wasSignedIn) Object.assign(ports.replay, originalMethods);
      release();
      expect((await login).status).toBe(wasSignedIn ? 401 : 503);
      expect(await isSignedIn(app, browser)).toBe(false);
      expect(app.server.requestsTo('revocation')).toHaveLength(wasSignedIn ? 2 : 1);
    }
  });

  test('S88: a logout that cannot end the session of the login is reported and repeated', async () => {
    const { app, other, ports } = await start(kind);
    const browser = app.open();
    const callback = await startLogin(app, browser);
    const tab = openTab(app, browser);
    expect((await browser.visit(callback)).status).toBe(303);
    const port: object = kind === 'stored' ? ports.store : ports.tombstones;
    const originalMethods = { ...port };
    Object.assign(port, kind === 'stored' ? { set: unavailable, delete: unavailable } : { set: unavailable });
    const response = await tab.visit('/auth/logout', page);
    expect(response.status).toBe(503);
    expect(await isSignedIn(app, browser)).toBe(false);
    Object.assign(port, originalMethods);
    await expect.poll(() => isSignedIn(other, browser), { timeout: 10_000 }).toBe(false);
  });

  test('S34: logouts of anonymous users keep a limited count of records until their logins expire', async () => {
    const { app, ports } = await start(kind);
    const { server } = app;
    const claimedKeys: string[] = [];
    const { replay, tombstones, store } = ports;
    const { claim } = replay;
    Object.assign(replay, {
      claim(key: string, timeToLive: number) {
        claimedKeys.push(key);
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
    expect(claimedKeys).toHaveLength(1_000);
    // The logout occurs during the token request of a login beyond the limit, with an invented code. Its claims are released.
    const isClaimed = async () =>
      (await Promise.all(claimedKeys.map((key) => replay.has(key)))).includes(true);
    claimedKeys.length = 0;
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
    expect(claimedKeys.length).toBeGreaterThan(0);
    expect(await isClaimed()).toBe(false);
    // The records expire with their logins, and new records are accepted.
    server.clock.advance(3_602);
    claimedKeys.length = 0;
    await logOut();
    expect(claimedKeys).toHaveLength(100);
  });
});
