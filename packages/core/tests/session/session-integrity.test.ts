// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { applyCookies } from '../../src/session/adapter.ts';
import { createMemorySessionStore, createMemoryTombstoneStore } from '../../src/session/index.ts';
import { createWebApp } from '../support/web-browser.ts';

test('S16: rejects a generation that does not match the encrypted one', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const [name = '', value = ''] = [...browser.cookies][0] ?? [];
  expect((await app.sessions.open(`${name}=${value}`)).session).toBeDefined();
  expect((await app.sessions.open(`${name}=AAAAAAAA${value.slice(8)}`)).session).toBeUndefined();
});

test('S11: rejects a changed cookie, even if the original is cached', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const cookie = `__Host-session=${browser.cookies.get('__Host-session')}`;
  expect((await app.sessions.open(cookie)).session).toBeDefined();
  for (let at = cookie.indexOf('~') + 3; at < cookie.length - 1; at += 7) {
    const other = cookie[at] === 'A' ? 'B' : 'A';
    const changedCookie = cookie.slice(0, at) + other + cookie.slice(at + 1);
    expect((await app.sessions.open(changedCookie)).session, String(at)).toBeUndefined();
  }
  expect((await app.sessions.open(cookie)).session).toBeDefined();
});

test("S1: requests with the same cookie cannot change each other's session", async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const requestSession = await app.sessions.open(browser.header());
  const updated = await requestSession.update((data) =>
    Object.assign(data as object, { cart: { items: ['tea'] } }),
  );
  expect(updated.data).toEqual({ cart: { items: ['tea'] } });
  // The previous cookie contains the session without the change.
  expect((await app.sessions.open(browser.header())).session?.data).toEqual({});
  const later = applyCookies(browser.header(), requestSession.cookies);
  const { session } = await app.sessions.open(later);
  expect(() => Object.assign(session?.data.cart as object, { items: [] })).toThrow(TypeError);
  // A change receives a copy, which may be changed in place.
  const { data } = await (await app.sessions.open(later)).update((copy) => {
    (copy as { cart: { items: string[] } }).cart.items.push('milk');
    return copy;
  });
  expect(data).toEqual({ cart: { items: ['tea', 'milk'] } });
  expect((await app.sessions.open(later)).session?.data).toEqual({ cart: { items: ['tea'] } });
});

test('S20: rejects a session cookie that occurs twice', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  expect((await app.sessions.open(`${browser.header()}; __Host-session=planted`)).session).toBeUndefined();
  expect((await app.sessions.open(`__Host-session=planted; ${browser.header()}`)).session).toBeUndefined();
});

test('S10: rejects a session of another provider or client with the same secret', async () => {
  for (const options of [{}, { store: createMemorySessionStore() }]) {
    const app = await createWebApp(options);
    const other = await createWebApp(options, { server: { issuer: 'https://other.example.test' } });
    const client = await createWebApp(options, { at: app.server, client: { clientId: 'app' } });
    const browser = app.open();
    await browser.logIn();
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
    for (const { sessions } of [other, client]) {
      expect((await sessions.open(browser.header())).session).toBeUndefined();
    }
  }
});

test('S9: responds with 503 if the store is unavailable, and changes no cookie', async () => {
  const store = createMemorySessionStore();
  const app = await createWebApp({ store, accessTokenRoute: true });
  const browser = app.open();
  await browser.logIn();
  store.get = () => Promise.reject(new Error('connection refused'));
  await expect(app.sessions.open(browser.header())).rejects.toMatchObject({
    name: 'TransportError',
    code: 'store_unavailable',
  });
  const cookieCount = browser.receivedCookies.length;
  for (const [path, init] of [
    ['/auth/session', {}],
    ['/auth/access-token', { headers: { origin: app.sessions.origin } }],
  ] as const) {
    const response = await browser.visit(path, init);
    expect(response.status, path).toBe(503);
    expect(response.headers.get('retry-after'), path).toMatch(/^\d+$/);
    expect(await response.json(), path).toMatchObject({ error: 'store_unavailable' });
  }
  // No cookie was set or deleted.
  expect(browser.receivedCookies).toHaveLength(cookieCount);
  expect(app.events).toContainEqual({ type: 'store.unavailable', port: 'session' });
});

test('S9: rejects a stored record that was changed, or moved to another key', async () => {
  const records = new Map<string, { value: string }>();
  const memory = createMemorySessionStore();
  const store = {
    ...memory,
    get: async (key: string) => {
      const record = await memory.get(key);
      return record && { ...record, ...records.get(key) };
    },
    set: async (...[key, record, version]: Parameters<typeof memory.set>) => {
      keys.push([key, record.value]);
      return memory.set(key, record, version);
    },
  };
  const keys: [string, string][] = [];
  const app = await createWebApp({ store });
  const [alice, bob] = [app.open(), app.open()];
  await alice.logIn();
  app.server.signIn('bob');
  await bob.logIn();
  const [[aliceKey, aliceValue], [, bobValue]] = keys as [[string, string], [string, string]];
  records.set(aliceKey, { value: bobValue });
  expect((await app.sessions.open(alice.header())).session).toBeUndefined();
  records.set(aliceKey, { value: aliceValue });
  expect((await app.sessions.open(alice.header())).session?.user.sub).toBe('alice');
});

test('S8: stores only the hash of the session identifier', async () => {
  const keys: string[] = [];
  const store = createMemorySessionStore();
  const app = await createWebApp({
    store: {
      ...store,
      set: (key, record, version) => {
        keys.push(key + record.value);
        return store.set(key, record, version);
      },
    },
  });
  const browser = app.open();
  await browser.logIn();
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toContain(browser.cookies.get('__Host-session'));
});

test('S35: rejects the cookie of each logged-out session after more logouts than the limit', async () => {
  for (const limits of [{ maxEntries: 5 }, { maxEntries: 6, maxEntriesPerUser: 4 }]) {
    const tombstones = createMemoryTombstoneStore(limits);
    const app = await createWebApp({ tombstones }, { server: { users: [{ sub: 'alice' }, { sub: 'bob' }] } });
    const logIn = async (sub: string) => {
      app.server.signIn(sub);
      const browser = app.open();
      await browser.logIn();
      return { browser, cookie: browser.header() };
    };
    const readUser = async (cookie: string) => (await app.sessions.open(cookie)).session?.user.sub;
    const bob = await logIn('bob');
    const endedCookies: string[] = [];
    for (let count = 0; count < 12; count++) {
      app.server.clock.advance(2);
      const { browser, cookie } = await logIn('alice');
      endedCookies.push(cookie);
      await browser.visit('/auth/logout', { method: 'POST', headers: { origin: app.sessions.origin } });
    }
    for (const cookie of endedCookies) expect(await readUser(cookie)).toBeUndefined();
    // The limit per user protects the sessions of other users.
    const isProtected = limits.maxEntriesPerUser !== undefined;
    expect(await readUser(bob.cookie)).toBe(isProtected ? 'bob' : undefined);
    app.server.clock.advance(2);
    expect(await readUser((await logIn('bob')).cookie)).toBe('bob');
  }
});
