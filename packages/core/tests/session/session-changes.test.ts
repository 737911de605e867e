// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test, vi } from 'vitest';
import { createMemoryTombstoneStore } from '../../src/session/backends/memory-tombstone-store.ts';
import type { RequestSession } from '../../src/session/request-session.ts';
import { createWebApp, sessionKinds, sessionsOf, type WebApp } from '../support/web-browser.ts';

// Several requests, or several parts of one, change a session at about the time of a refresh.

type Browser = ReturnType<WebApp['open']>;

/** The browser keeps what a request has set. */
function keep(browser: Browser, { cookies }: RequestSession): void {
  for (const { name, value, maxAge } of cookies) {
    if (maxAge > 0) browser.cookies.set(name, value);
    else browser.cookies.delete(name);
  }
}

for (const kind of sessionKinds) {
  async function signedIn(options: Parameters<typeof createWebApp>[0] = {}) {
    const remembered = new Map<string, string>();
    const successors = {
      get: vi.fn(async (key: string) => remembered.get(key)),
      set: async (key: string, value: string) => void remembered.set(key, value),
    };
    const app = await createWebApp({ ...sessionsOf(kind), refresh: { successors }, ...options });
    const browser = app.open();
    await browser.logIn();
    const open = () => app.sessions.open(browser.header());
    /** When refreshes are no longer remembered, and the session lives by the refresh token that it has. */
    const useLater = async () => {
      remembered.clear();
      app.server.clock.advance(4_000);
      const opened = await open();
      await opened.getAccessToken();
      return opened.session?.data;
    };
    return { app, browser, open, useLater, successors };
  }

  test(`${kind}: a change by a request that still has the cookie of before a refresh loses no session`, async () => {
    const { browser, open, useLater, successors } = await signedIn();
    const [first, late] = [await open(), await open()];
    await first.getAccessToken({ forceRefresh: true });
    successors.get.mockClear();
    await late.update((data) => ({ ...data, theme: 'dark' }));
    // A store has the newest tokens itself.
    expect(successors.get.mock.calls.length > 0).toBe(kind === 'cookie');
    keep(browser, first);
    keep(browser, late);
    expect(await useLater()).toEqual({ theme: 'dark' });
  });

  test(`${kind}: a use that a late request writes down loses no session`, async () => {
    const { app, browser, open, useLater } = await signedIn({ idleLifetime: 20_000 });
    app.server.clock.advance(3_000);
    const [first, late] = [await open(), await open()];
    await first.getAccessToken({ forceRefresh: true });
    await late.touch();
    keep(browser, first);
    keep(browser, late);
    await useLater();
  });

  test(`${kind}: what a request has changed stays when it takes over the tokens of another`, async () => {
    const { app, browser, open, useLater } = await signedIn();
    app.server.clock.advance(3_590);
    const [one, other] = [await open(), await open()];
    await one.update((data) => ({ ...data, theme: 'dark' }));
    await other.getAccessToken();
    await one.getAccessToken();
    keep(browser, one);
    expect(app.server.requestsTo('token')).toHaveLength(2);
    expect(await useLater()).toEqual({ theme: 'dark' });
  });

  test(`${kind}: changes and refreshes at the same time, in one request, lose nothing of each other`, async () => {
    const { app, browser, open, useLater } = await signedIn();
    app.server.clock.advance(3_590);
    const opened = await open();
    await Promise.all([
      opened.update((data) => ({ ...data, a: 1 })),
      opened.getAccessToken(),
      opened.update((data) => ({ ...data, b: 2 })),
      opened.getAccessToken({ forceRefresh: true }),
      opened.update((data) => ({ ...data, c: 3 })),
    ]);
    keep(browser, opened);
    expect(await useLater()).toEqual({ a: 1, b: 2, c: 3 });
  });

  test(`${kind}: all who name the same request share its session, and no other request does`, async () => {
    const { app, browser } = await signedIn();
    const request = {};
    const openFor = (key?: object) =>
      app.sessions.open(browser.header(), { writable: true, ...(key && { request: key }) });
    const [one, two] = await Promise.all([openFor(request), openFor(request)]);
    await one.update((data) => ({ ...data, theme: 'dark' }));
    expect(two.session?.data).toEqual({ theme: 'dark' });
    expect(two.cookies).toEqual(one.cookies);
    expect((await openFor(request)).session?.data).toEqual({ theme: 'dark' });
    for (const other of [await openFor({}), await openFor()])
      expect(other.session?.data).toEqual(kind === 'stored' ? { theme: 'dark' } : {});
    const stranger = await createWebApp({ ...sessionsOf(kind), secret: 's'.repeat(32) });
    expect((await stranger.sessions.open(browser.header(), { request })).session).toBeUndefined();
  });
}

/** A signed-in request whose next question for tombstones is answered when the test says so. */
async function openWithGate() {
  const tombstones = createMemoryTombstoneStore();
  const latest = vi.spyOn(tombstones, 'latest');
  const app = await createWebApp({ tombstones });
  const browser = app.open();
  await browser.logIn();
  const opened = await app.sessions.open(browser.header());
  await opened.getAccessToken();
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  latest.mockImplementationOnce(() => gate.then(() => undefined));
  return { app, browser, opened, release };
}

const aWhile = () => new Promise((resolve) => setTimeout(resolve, 30));

test('a change waits for the one before it, and begins with what it has left', async () => {
  const { opened, release } = await openWithGate();
  const first = opened.update((data) => ({ ...data, a: 1 }));
  const second = opened.update((data) => ({ ...data, b: 2 }));
  await Promise.race([second, aWhile()]);
  release();
  await Promise.all([first, second]);
  expect(opened.session?.data).toEqual({ a: 1, b: 2 });
});

test('a session that is read anew is not put in the place of one that was changed meanwhile', async () => {
  const { opened, release } = await openWithGate();
  const token = opened.getAccessToken();
  const change = opened.update((data) => ({ ...data, a: 1 }));
  await Promise.race([change, aWhile()]);
  release();
  await Promise.all([token, change]);
  expect(opened.session?.data).toEqual({ a: 1 });
});

test('a token that was valid all the time does not put its session in the place of a newer one', async () => {
  const { app, browser, opened, release } = await openWithGate();
  const token = opened.getAccessToken();
  const other = await app.sessions.open(browser.header());
  const newer = await other.getAccessToken({ forceRefresh: true });
  const change = opened.update((data) => ({ ...data, a: 1 }));
  await Promise.race([change, aWhile()]);
  release();
  await Promise.all([token, change]);
  expect((await opened.getAccessToken()).accessToken).toBe(newer.accessToken);
});

test('a change that fails does not keep others from theirs', async () => {
  const { opened, release } = await openWithGate();
  release();
  const mistake = new Error('of the application');
  const failing = opened.update(() => {
    throw mistake;
  });
  await expect(failing).rejects.toBe(mistake);
  await opened.update((data) => ({ ...data, a: 1 }));
  expect(opened.session?.data).toEqual({ a: 1 });
});

test('whether a cookie can be set is asked when it would be', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  let writable = true;
  const opened = await app.sessions.open(browser.header(), { writable: () => writable });
  await opened.update(() => ({ a: 1 }));
  writable = false;
  await expect(opened.update(() => ({ a: 2 }))).rejects.toMatchObject({ code: 'wrong_context' });
  await expect(opened.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
    code: 'wrong_context',
  });
  expect(opened.session?.data).toEqual({ a: 1 });
  expect(app.server.requestsTo('token')).toHaveLength(1);
});
