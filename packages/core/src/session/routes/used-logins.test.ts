// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createWebApp } from '../../../tests/support/web-browser.ts';
import { createMemoryReplayStore, type ReplayStore } from '../index.ts';

const html = { accept: 'text/html' };

/** A store that counts what lies in it, and how long it was asked to keep it. */
function createCountingStore(inner: ReplayStore) {
  const kept = new Map<string, number>();
  const store: ReplayStore = {
    async claim(key, timeToLive) {
      const isNew = await inner.claim(key, timeToLive);
      if (isNew) kept.set(key, timeToLive);
      return isNew;
    },
    async release(key) {
      kept.delete(key);
      await inner.release?.(key);
    },
  };
  return { store, kept };
}

/** Answers that anybody can send for a login that they have started themselves. */
const answers: Readonly<Record<string, (query: URLSearchParams, issuer: string) => void>> = {
  'an error': (query) => query.set('error', 'access_denied'),
  'an invented code': (query) => query.set('code', 'invented'),
  'the code of another issuer': (query) => {
    query.set('code', 'invented');
    query.set('iss', 'https://evil.example');
  },
  'neither code nor error': () => {},
};

test.each(Object.entries(answers))(
  'S34: logins that end with %s, repeated, leave nothing in the replay store and stop nobody',
  { timeout: 60_000 },
  async (_, change) => {
    const { store, kept } = createCountingStore(createMemoryReplayStore({ maxEntries: 5 }));
    const app = await createWebApp({ replay: store });
    for (let count = 0; count < 20; count++) {
      const stranger = app.open();
      const started = await stranger.visit('/auth/login');
      const state = new URL(started.headers.get('location') ?? '').searchParams.get('state') ?? '';
      const query = new URLSearchParams({ state, iss: app.server.issuer });
      change(query, app.server.issuer);
      const failed = await stranger.visit(`/auth/callback?${query}`, { headers: html });
      expect(failed.status).not.toBe(503);
      expect(stranger.cookies.has('__Host-session')).toBe(false);
    }
    expect(kept.size).toBe(0);
    const browser = app.open();
    expect((await browser.logIn()).status).toBe(303);
    expect(browser.cookies.has('__Host-session')).toBe(true);
    // A logout token is taken as well.
    const token = await app.server.mintLogoutToken({ aud: 'web' });
    const ended = await app.open().visit('/auth/backchannel-logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    expect(ended.status).toBe(200);
  },
);

test('S34: a full quota of logins is an error for logins alone', async () => {
  const replay = createMemoryReplayStore({ maxEntries: 1 });
  const app = await createWebApp({ replay });
  await app.open().logIn();
  const refused = app.open();
  expect((await refused.logIn()).status).toBe(503);
  expect(refused.cookies.has('__Host-session')).toBe(false);
  expect(await replay.claim('logout x', 1_000)).toBe(true);
  expect(await replay.claim('dpop x', 1_000)).toBe(true);
});

test('S34: a completed login is remembered for the rest of its own hour, and no longer', async () => {
  const { store, kept } = createCountingStore(createMemoryReplayStore());
  const app = await createWebApp({ replay: store });
  const browser = app.open();
  const started = await browser.visit('/auth/login');
  const copy = new Map(browser.cookies);
  app.server.clock.advance(600);
  const { url } = await app.server.authorize(started.headers.get('location') ?? '');
  await browser.visit(url.pathname + url.search);
  const lives = [...kept.values()];
  expect(lives).toHaveLength(1);
  expect(lives[0]).toBeLessThanOrEqual(3_001_000);
  expect(lives[0]).toBeGreaterThan(2_990_000);
  // A copy of the cookie and of the answer cannot be used a second time.
  const other = app.open(copy);
  const again = await other.visit(url.pathname + url.search, { headers: html });
  expect(again.headers.get('location')).toMatch(/^\/auth\/login/);
  expect(other.cookies.has('__Host-session')).toBe(false);
  expect(app.server.requestsTo('token')).toHaveLength(1);
});

test('S34: of two answers at once for one login, one is exchanged', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const started = await browser.visit('/auth/login');
  const { url } = await app.server.authorize(started.headers.get('location') ?? '');
  const copies = [app.open(new Map(browser.cookies)), app.open(new Map(browser.cookies))];
  await Promise.all(copies.map((copy) => copy.visit(url.pathname + url.search, { headers: html })));
  expect(copies.filter(({ cookies }) => cookies.has('__Host-session'))).toHaveLength(1);
  expect(app.server.requestsTo('token')).toHaveLength(1);
});

test('S34: the logins that failed are remembered up to a number', async () => {
  const { runLoginOnce } = await import('./used-logins.ts');
  const failedLogins = new Set<string>();
  const context = { replay: createMemoryReplayStore(), failedLogins, now: Date.now };
  const fail = () => Promise.reject(new Error('refused'));
  const runOnce = (state: string) =>
    runLoginOnce(
      context as unknown as Parameters<typeof runLoginOnce>[0],
      { transaction: { state, createdAt: Math.floor(Date.now() / 1000) }, returnTo: '/' } as Parameters<
        typeof runLoginOnce
      >[1],
      fail,
    );
  for (let count = 0; count < 10_050; count++)
    await expect(runOnce(`state-${count}`)).rejects.toThrow('refused');
  expect(failedLogins.size).toBe(10_000);
  await expect(runOnce('state-10049')).rejects.toMatchObject({ check: 'used' });
});
