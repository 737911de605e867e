// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createWebApp } from '../../../../../tests/support/web-browser.ts';
import { createMemoryReplayStore, type ReplayStore } from '../../../index.ts';

const html = { accept: 'text/html' };

/** A store that records its keys and their lifetimes. */
function createCountingStore(inner: ReplayStore) {
  const stored = new Map<string, number>();
  const store: ReplayStore = {
    async claim(key, timeToLive) {
      const isNew = await inner.claim(key, timeToLive);
      if (isNew) stored.set(key, timeToLive);
      return isNew;
    },
    has: (key) => inner.has(key),
    async release(key) {
      stored.delete(key);
      await inner.release?.(key);
    },
  };
  return { store, stored };
}

/** Responses that any client can send for a login that it has started. */
const responses: Readonly<Record<string, (query: URLSearchParams, issuer: string) => void>> = {
  'an error': (query) => query.set('error', 'access_denied'),
  'an invented code': (query) => query.set('code', 'invented'),
  'the code of another issuer': (query) => {
    query.set('code', 'invented');
    query.set('iss', 'https://evil.example');
  },
  'neither code nor error': () => {},
};

test.each(Object.entries(responses))(
  'S34: repeated logins that end with %s keep no key in the replay store',
  { timeout: 60_000 },
  async (_, change) => {
    const { store, stored } = createCountingStore(createMemoryReplayStore({ maxEntries: 5 }));
    const app = await createWebApp({ replay: store });
    for (let count = 0; count < 20; count++) {
      const attacker = app.open();
      const started = await attacker.visit('/auth/login');
      const state = new URL(started.headers.get('location') ?? '').searchParams.get('state') ?? '';
      const query = new URLSearchParams({ state, iss: app.server.issuer });
      change(query, app.server.issuer);
      const failed = await attacker.visit(`/auth/callback?${query}`, { headers: html });
      expect(failed.status).not.toBe(503);
      expect(attacker.cookies.has('__Host-session')).toBe(false);
    }
    expect(stored.size).toBe(0);
    const browser = app.open();
    expect((await browser.logIn()).status).toBe(303);
    expect(browser.cookies.has('__Host-session')).toBe(true);
    // A logout token is accepted too.
    const token = await app.server.mintLogoutToken({ aud: 'web' });
    const ended = await app.open().visit('/auth/backchannel-logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    expect(ended.status).toBe(200);
  },
);

test('S34: a full quota of logins rejects only logins', async () => {
  const replay = createMemoryReplayStore({ maxEntries: 2 });
  const app = await createWebApp({ replay });
  await app.open().logIn();
  const rejected = app.open();
  expect((await rejected.logIn()).status).toBe(503);
  expect(rejected.cookies.has('__Host-session')).toBe(false);
  expect(await replay.claim('logout x', 1_000)).toBe(true);
  expect(await replay.claim('dpop x', 1_000)).toBe(true);
});

test('S34: stores a completed login until its expiry', async () => {
  const { store, stored } = createCountingStore(createMemoryReplayStore());
  const app = await createWebApp({ replay: store });
  const browser = app.open();
  const started = await browser.visit('/auth/login');
  const copy = new Map(browser.cookies);
  app.server.clock.advance(600);
  const { url } = await app.server.authorize(started.headers.get('location') ?? '');
  await browser.visit(url.pathname + url.search);
  // The store gets a hash, never the state itself.
  const state = url.searchParams.get('state') ?? '';
  expect(state).not.toBe('');
  expect([...stored.keys()].join()).not.toContain(state);
  const lifetimes = [...stored.values()];
  // Its callback, and its completion.
  expect(lifetimes).toHaveLength(2);
  for (const lifetime of lifetimes) {
    expect(lifetime).toBeLessThanOrEqual(3_001_000);
    expect(lifetime).toBeGreaterThan(2_990_000);
  }
  // A copy of the cookie and of the response cannot be used again.
  const other = app.open(copy);
  const again = await other.visit(url.pathname + url.search, { headers: html });
  expect(again.headers.get('location')).toContain('/authorize?');
  expect(other.cookies.has('__Host-session')).toBe(false);
  expect(app.server.requestsTo('token')).toHaveLength(1);
});

test('S34: exchanges the code of only one of two concurrent responses', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const started = await browser.visit('/auth/login');
  const { url } = await app.server.authorize(started.headers.get('location') ?? '');
  const copies = [app.open(new Map(browser.cookies)), app.open(new Map(browser.cookies))];
  await Promise.all(copies.map((copy) => copy.visit(url.pathname + url.search, { headers: html })));
  expect(copies.filter(({ cookies }) => cookies.has('__Host-session'))).toHaveLength(1);
  expect(app.server.requestsTo('token')).toHaveLength(1);
});
