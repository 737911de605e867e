// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import { createWebApp, sessionKinds } from '../../support/web-browser.ts';

// While a store is unavailable, no user is signed out, no login starts and no cookie changes. Afterwards, requests succeed.

const fail = () => Promise.reject(new Error('unavailable'));
const unavailable = { name: 'TransportError', code: 'store_unavailable' };

async function start(kind: (typeof sessionKinds)[number]) {
  const stores = { store: createMemorySessionStore(), tombstones: createMemoryTombstoneStore() };
  const originalMethods = { store: { ...stores.store }, tombstones: { ...stores.tombstones } };
  const { store, tombstones } = stores;
  const app = await createWebApp({
    ...(kind === 'stored' && { store }),
    tombstones,
    accessTokenRoute: true,
    idleLifetime: 10_000,
  });
  const browser = app.open();
  await browser.logIn();
  return {
    app,
    browser,
    breakReads: () => {
      Object.assign(store, { get: fail });
      Object.assign(tombstones, { latest: fail });
    },
    breakWrites: () => {
      Object.assign(store, { set: fail });
      Object.assign(tombstones, { set: fail });
    },
    repair: () => {
      Object.assign(store, originalMethods.store);
      Object.assign(tombstones, originalMethods.tombstones);
    },
  };
}

describe.each(sessionKinds)('%s', (kind) => {
  test('S9: responds with 503 while the store cannot be read, and accepts the same cookie afterwards', async () => {
    const { app, browser, breakReads, repair } = await start(kind);
    const initialState = { cookies: new Map(browser.cookies), lines: browser.receivedCookies.length };
    const requestSession = await app.sessions.open(browser.header());
    breakReads();
    await expect(app.sessions.open(browser.header())).rejects.toMatchObject(unavailable);
    for (const path of ['/auth/session', '/auth/access-token']) {
      const response = await browser.visit(path, { headers: { origin: app.sessions.origin } });
      expect(response.status, path).toBe(503);
      expect(response.headers.get('retry-after'), path).toMatch(/^\d+$/);
      expect(await response.json(), path).toMatchObject({ error: 'store_unavailable' });
    }
    // An earlier request fails with the same error when it reads the session again.
    app.server.clock.advance(1);
    await expect(requestSession.getAccessToken()).rejects.toMatchObject(unavailable);
    expect(requestSession.session).toBeDefined();
    expect(requestSession.cookies).toEqual([]);
    repair();
    expect(browser.cookies).toEqual(initialState.cookies);
    expect(browser.receivedCookies).toHaveLength(initialState.lines);
    expect((await requestSession.getAccessToken()).accessToken).toBeTruthy();
    const { session } = await (await browser.visit('/auth/session')).json();
    expect(session.user.sub).toBe('alice');
    expect(app.events.filter(({ type }) => type === 'login.started')).toHaveLength(1);
    expect(app.server.requestsTo('token')).toHaveLength(1);
  });

  test('S9: returns the session and the token while the use of the session cannot be recorded', async () => {
    const { app, browser, breakWrites, repair } = await start(kind);
    // A tenth of the idle lifetime has passed, and the access token is still valid.
    app.server.clock.advance(1_200);
    breakWrites();
    for (const path of ['/auth/session', '/auth/access-token']) {
      const response = await browser.visit(path, { headers: { origin: app.sessions.origin } });
      expect(response.status, path).toBe(200);
    }
    repair();
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
  });
});
