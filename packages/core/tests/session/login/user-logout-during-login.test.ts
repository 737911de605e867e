// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import { html, isSignedIn, openTab, page, start, startLogin } from '../../support/session/pending-logins.ts';
import { baseUrl, createWebApp, sessionKinds } from '../../support/web-browser.ts';

describe.each(sessionKinds)('%s', (kind) => {
  test.each([
    ['token', false, false],
    ['token', true, false],
    ['token', true, true],
    ['userinfo', false, false],
    ['userinfo', true, true],
  ] as const)(
    'S88: a logout during the %s request prevents the session (in another process: %s, signed in before: %s)',
    async (endpoint, isInOtherProcess, wasSignedIn) => {
      const { app, other } = await start(kind, { userinfo: endpoint === 'userinfo' });
      const browser = app.open();
      if (wasSignedIn) await browser.logIn();
      const callback = await startLogin(app, browser);
      const tab = openTab(isInOtherProcess ? other : app, browser);
      const requestCount = app.server.requestsTo(endpoint).length;
      const release = app.server.hold(endpoint);
      const login = browser.visit(callback, { headers: html });
      await expect.poll(() => app.server.requestsTo(endpoint).length).toBe(requestCount + 1);
      const logoutResponse = await tab.visit('/auth/logout', page);
      expect(logoutResponse.status).toBe(303);
      // The user may be signed in at the provider already.
      expect(logoutResponse.headers.get('location')).toContain('/end-session');
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
    async (isInOtherProcess) => {
      const { app, other } = await start(kind);
      const browser = app.open();
      const callback = await startLogin(app, browser);
      const tab = openTab(isInOtherProcess ? other : app, browser);
      expect((await browser.visit(callback)).status).toBe(303);
      const logoutResponse = await tab.visit('/auth/logout', page);
      expect(logoutResponse.headers.get('location')).toContain('/end-session');
      for (const each of [app, other]) expect(await isSignedIn(each, browser)).toBe(false);
      // The store contains the refresh token of a stored session. The cookie with that of a cookie session has not arrived.
      expect(app.server.requestsTo('revocation')).toHaveLength(kind === 'stored' ? 1 : 0);
      app.server.clock.advance(6 * 86_400);
      expect(await isSignedIn(app, browser)).toBe(false);
    },
  );

  test.each([false, true])(
    'S88: a logout while a login restarts ends the restarted login (in another process: %s)',
    async (isInOtherProcess) => {
      const { app, other } = await start(kind, {}, { pushedAuthorizationRequests: 'always' });
      const browser = app.open();
      const callback = await startLogin(app, browser);
      const tab = openTab(isInOtherProcess ? other : app, browser);
      app.server.fail('token', {
        status: 400,
        body: '{"error":"invalid_grant"}',
        headers: { 'content-type': 'application/json' },
      });
      const endpoint = 'pushed_authorization_request';
      const requestCount = app.server.requestsTo(endpoint).length;
      const release = app.server.hold(endpoint);
      const restart = browser.visit(callback, { headers: html });
      await expect.poll(() => app.server.requestsTo(endpoint).length).toBe(requestCount + 1);
      expect((await tab.visit('/auth/logout', page)).status).toBe(303);
      release();
      const response = await restart;
      expect(response.status).toBe(303);
      // The provider logs the user in without a prompt.
      const { url } = await app.server.authorize(response.headers.get('location') ?? '');
      const last = await browser.visit(url.pathname + url.search, { headers: html });
      expect(last.status).toBe(401);
      expect(await last.text()).toContain('session_ended');
      expect(await isSignedIn(app, browser)).toBe(false);
      expect(app.server.requestsTo('revocation')).toHaveLength(1);
      // A later login succeeds.
      expect((await browser.logIn()).status).toBe(303);
      expect(await isSignedIn(app, browser)).toBe(true);
    },
  );

  test.each([
    ['completed', false],
    ['completed', true],
    ['restarted and completed', false],
    ['restarted and completed', true],
  ] as const)(
    'S88: a logout ends a login that is %s before it is recorded (signed in before: %s)',
    async (progress, wasSignedIn) => {
      const { app, ports } = await start(kind);
      const { store, tombstones, replay } = ports;
      let release = () => {};
      const isReleased = new Promise<void>((resolve) => {
        release = resolve;
      });
      const slowReplay: typeof replay = {
        claim: async (...args) => isReleased.then(() => replay.claim(...args)),
        has: async (key) => isReleased.then(() => replay.has(key)),
      };
      const slow = await createWebApp(
        { tombstones, replay: slowReplay, ...(kind === 'stored' && { store }) },
        { at: app.server },
      );
      const browser = app.open();
      if (wasSignedIn) await browser.logIn();
      app.server.clock.advance(5);
      let callback = await startLogin(app, browser);
      const logout = openTab(slow, browser).visit('/auth/logout', page);
      if (progress !== 'completed') {
        app.server.fail('token', {
          status: 400,
          body: '{"error":"invalid_grant"}',
          headers: { 'content-type': 'application/json' },
        });
        const restart = await browser.visit(callback, { headers: html });
        const { url } = await app.server.authorize(restart.headers.get('location') ?? '');
        callback = url.pathname + url.search;
      }
      expect((await browser.visit(callback, { headers: html })).status).toBe(303);
      release();
      const logoutResponse = await logout;
      expect(logoutResponse.status).toBe(303);
      expect(logoutResponse.headers.get('location')).toContain('/end-session');
      expect(await isSignedIn(app, browser)).toBe(false);
    },
  );

  test('S88: the record of a logout is kept for the lifetime of a login that was restarted during it', async () => {
    const { app, ports } = await start(kind);
    const lifetimes: number[] = [];
    const { claim } = ports.replay;
    ports.replay.claim = (key, timeToLive) => {
      lifetimes.push(timeToLive);
      return claim.call(ports.replay, key, timeToLive);
    };
    const browser = app.open();
    await startLogin(app, browser);
    // The login expires after an hour. A restart that begins now expires an hour later.
    app.server.clock.advance(3_500);
    await openTab(app, browser).visit('/auth/logout', page);
    expect(lifetimes).toEqual([3_601_000]);
  });

  test('S88: two restarts of one login each begin a session', async () => {
    const { app } = await start(kind);
    const browser = app.open();
    const callback = await startLogin(app, browser);
    const tab = openTab(app, browser);
    const callbacks: string[] = [];
    app.server.fail('token', {
      status: 400,
      body: '{"error":"invalid_grant"}',
      headers: { 'content-type': 'application/json' },
    });
    // The second response was used before, so it causes no token request.
    for (const each of [browser, tab]) {
      const restart = await each.visit(callback, { headers: html });
      const { url } = await app.server.authorize(restart.headers.get('location') ?? '');
      callbacks.push(url.pathname + url.search);
    }
    for (const [name, value] of tab.cookies) browser.cookies.set(name, value);
    for (const each of callbacks) {
      expect((await browser.visit(each, { headers: html })).status).toBe(303);
      expect(await isSignedIn(app, browser)).toBe(true);
      app.server.clock.advance(5);
    }
  });

  test('S88: rejects a callback that was sent before a logout and arrives after it', async () => {
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

  test('S88: a logout of a signed-in user ends a pending login in another process', async () => {
    const { app, other } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const callback = await startLogin(app, browser);
    await openTab(other, browser).visit('/auth/logout', page);
    expect((await browser.visit(callback, { headers: html })).status).toBe(401);
    expect(await isSignedIn(app, browser)).toBe(false);
    expect(app.server.requestsTo('revocation')).toHaveLength(2);
  });

  test.each([1, 3])(
    'S88: a logout without a session ends %s pending logins in another process',
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

  test('S88: a logout ends all pending logins of the browser, and none of another browser', async () => {
    const { app } = await start(kind);
    const [browser, another] = [app.open(), app.open()];
    const callbacks = [await startLogin(app, browser), await startLogin(app, browser)];
    const callbackOfAnother = await startLogin(app, another);
    await openTab(app, browser).visit('/auth/logout', page);
    for (const callback of callbacks)
      expect((await browser.visit(callback, { headers: html })).status).toBe(401);
    expect((await another.visit(callbackOfAnother)).status).toBe(303);
    expect(await isSignedIn(app, another)).toBe(true);
  });

  for (const wasSignedIn of [false, true]) {
    test.each(['query', 'form_post'])(
      `S88: a logout deletes the cookie of a login, whose %s callback is then not restarted (signed in before: ${wasSignedIn})`,
      async (mode) => {
        const { app, other } = await start(kind);
        const browser = app.open();
        if (wasSignedIn) await browser.logIn();
        const callback = await startLogin(app, browser);
        // The browser does not receive all deletions.
        const marker = [...browser.cookies].filter(([name]) => name.endsWith('.started'));
        expect(marker).toHaveLength(1);
        await browser.visit('/auth/logout', page);
        const copies = [openTab(app, browser), openTab(app, browser), openTab(other, browser)];
        for (const copy of copies.slice(1)) copy.cookies.set(...(marker[0] as [string, string]));
        for (const copy of [browser, ...copies]) {
          const { pathname, searchParams } = new URL(callback, baseUrl);
          let response =
            mode === 'query'
              ? await copy.visit(callback, { headers: html })
              : await copy.visit(pathname, { method: 'POST', body: searchParams, headers: html });
          if (mode === 'form_post')
            response = await copy.visit(response.headers.get('location') ?? '', { headers: html });
          expect(response.status).toBe(401);
          expect(await response.text()).toContain('session_ended');
          expect(await isSignedIn(app, copy)).toBe(false);
        }
      },
    );
  }

  test('S88: a logout prevents the restart of a login whose cookie has expired', async () => {
    const { app } = await start(kind);
    const browser = app.open();
    const callback = await startLogin(app, browser);
    app.server.clock.advance(3_700);
    for (const name of browser.cookies.keys()) if (name.includes('.login.')) browser.cookies.delete(name);
    const copy = openTab(app, browser);
    expect((await copy.visit(callback, { headers: html })).status).toBe(303);
    await browser.visit('/auth/logout', page);
    const response = await browser.visit(callback, { headers: html });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
  });
});
