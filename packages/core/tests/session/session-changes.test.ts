// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test, vi } from 'vitest';
import { createMemoryTombstoneStore } from '../../src/session/backends/stores/memory-tombstone-store.ts';
import type { RequestSession } from '../../src/session/requests/request-session.ts';
import { createSessionOptions, createWebApp, sessionKinds, type WebApp } from '../support/web-browser.ts';

// Concurrent requests, or concurrent parts of one request, change a session during a refresh.

type Browser = ReturnType<WebApp['open']>;

const cyclicData: Record<string, unknown> = {};
cyclicData.self = cyclicData;

const unavailable = () => {
  throw new Error('unavailable');
};

/** Stores the cookies of a response in the browser. */
function storeCookies(browser: Browser, { cookies }: RequestSession): void {
  for (const { name, value, maxAge } of cookies) {
    if (maxAge > 0) browser.cookies.set(name, value);
    else browser.cookies.delete(name);
  }
}

for (const kind of sessionKinds) {
  async function startSession(options: Parameters<typeof createWebApp>[0] = {}) {
    const storedSuccessors = new Map<string, string>();
    const successors = {
      get: vi.fn(async (key: string) => storedSuccessors.get(key)),
      set: async (key: string, value: string) => void storedSuccessors.set(key, value),
    };
    const app = await createWebApp({ ...createSessionOptions(kind), refresh: { successors }, ...options });
    const browser = app.open();
    await browser.logIn();
    const open = () => app.sessions.open(browser.header());
    /** Uses the session after the lifetime of successors, with its own refresh token. */
    const useLater = async () => {
      storedSuccessors.clear();
      app.server.clock.advance(4_000);
      const requestSession = await open();
      await requestSession.getAccessToken();
      return requestSession.session?.data;
    };
    return { app, browser, open, useLater, successors };
  }

  test.each([
    ['a BigInt', { count: 1n }],
    ['a reference to itself', cyclicData],
    ['a toJSON() that throws', { value: { toJSON: () => unavailable() } }],
    ['no object', ['item']],
    ['no value', undefined],
  ])(
    `${kind}: rejects data with %s as an error of the application, and keeps the session`,
    async (_, data) => {
      const { app, open } = await startSession();
      const requestSession = await open();
      await expect(requestSession.update(() => data as Record<string, unknown>)).rejects.toMatchObject({
        name: 'ConfigurationError',
        code: 'invalid_option',
        message: expect.stringMatching(/^The data of the session (has no JSON text|is not a JSON object)/),
      });
      expect(app.events.map(({ type }) => type)).not.toContain('store.unavailable');
      expect((await requestSession.update((current) => ({ ...current, step: 1 }))).data).toEqual({ step: 1 });
    },
  );

  test(`${kind}: shows data to the same request as it is stored`, async () => {
    const { browser, open } = await startSession();
    const requestSession = await open();
    const time = new Date(0);
    const { data } = await requestSession.update(() => ({ time, missing: undefined }));
    storeCookies(browser, requestSession);
    expect(data).toEqual({ time: '1970-01-01T00:00:00.000Z' });
    expect((await open()).session?.data).toEqual(data);
  });

  test(`${kind}: keeps the session after a change with the previous cookie`, async () => {
    const { browser, open, useLater, successors } = await startSession();
    const [first, late] = [await open(), await open()];
    await first.getAccessToken({ forceRefresh: true });
    successors.get.mockClear();
    await late.update((data) => ({ ...data, theme: 'dark' }));
    // A store contains the newest tokens.
    expect(successors.get.mock.calls.length > 0).toBe(kind === 'cookie');
    storeCookies(browser, first);
    storeCookies(browser, late);
    expect(await useLater()).toEqual({ theme: 'dark' });
  });

  test(`${kind}: keeps the session after a late request has recorded its use`, async () => {
    const { app, browser, open, useLater } = await startSession({ idleLifetime: 20_000 });
    app.server.clock.advance(3_000);
    const [first, late] = [await open(), await open()];
    await first.getAccessToken({ forceRefresh: true });
    await late.touch();
    storeCookies(browser, first);
    storeCookies(browser, late);
    await useLater();
  });

  test(`${kind}: retains a change when the request uses the tokens of another request`, async () => {
    const { app, browser, open, useLater } = await startSession();
    app.server.clock.advance(3_590);
    const [one, other] = [await open(), await open()];
    await one.update((data) => ({ ...data, theme: 'dark' }));
    await other.getAccessToken();
    await one.getAccessToken();
    storeCookies(browser, one);
    expect(app.server.requestsTo('token')).toHaveLength(2);
    expect(await useLater()).toEqual({ theme: 'dark' });
  });

  test(`${kind}: retains all changes that one request makes during refreshes`, async () => {
    const { app, browser, open, useLater } = await startSession();
    app.server.clock.advance(3_590);
    const requestSession = await open();
    await Promise.all([
      requestSession.update((data) => ({ ...data, a: 1 })),
      requestSession.getAccessToken(),
      requestSession.update((data) => ({ ...data, b: 2 })),
      requestSession.getAccessToken({ forceRefresh: true }),
      requestSession.update((data) => ({ ...data, c: 3 })),
    ]);
    storeCookies(browser, requestSession);
    expect(await useLater()).toEqual({ a: 1, b: 2, c: 3 });
  });

  test(`${kind}: shares a session only among callers with the same request object`, async () => {
    const { app, browser } = await startSession();
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
    const otherApp = await createWebApp({ ...createSessionOptions(kind), secret: 's'.repeat(32) });
    expect((await otherApp.sessions.open(browser.header(), { request })).session).toBeUndefined();
  });
}

/** Opens a session whose next tombstone lookup waits until the test releases it. */
async function openWithBarrier() {
  const tombstones = createMemoryTombstoneStore();
  const latest = vi.spyOn(tombstones, 'latest');
  const app = await createWebApp({ tombstones });
  const browser = app.open();
  await browser.logIn();
  const requestSession = await app.sessions.open(browser.header());
  await requestSession.getAccessToken();
  let release = () => {};
  const barrier = new Promise<void>((resolve) => (release = resolve));
  latest.mockImplementationOnce(() => barrier.then(() => undefined));
  return { app, browser, requestSession, release };
}

const waitShortly = () => new Promise((resolve) => setTimeout(resolve, 30));

test('a change waits for the previous change, and starts from its result', async () => {
  const { requestSession, release } = await openWithBarrier();
  const first = requestSession.update((data) => ({ ...data, a: 1 }));
  const second = requestSession.update((data) => ({ ...data, b: 2 }));
  await Promise.race([second, waitShortly()]);
  release();
  await Promise.all([first, second]);
  expect(requestSession.session?.data).toEqual({ a: 1, b: 2 });
});

test('a reload does not replace a session that was changed concurrently', async () => {
  const { requestSession, release } = await openWithBarrier();
  const token = requestSession.getAccessToken();
  const change = requestSession.update((data) => ({ ...data, a: 1 }));
  await Promise.race([change, waitShortly()]);
  release();
  await Promise.all([token, change]);
  expect(requestSession.session?.data).toEqual({ a: 1 });
});

test('a valid token does not replace the session with an older one', async () => {
  const { app, browser, requestSession, release } = await openWithBarrier();
  const token = requestSession.getAccessToken();
  const other = await app.sessions.open(browser.header());
  const newer = await other.getAccessToken({ forceRefresh: true });
  const change = requestSession.update((data) => ({ ...data, a: 1 }));
  await Promise.race([change, waitShortly()]);
  release();
  await Promise.all([token, change]);
  expect((await requestSession.getAccessToken()).accessToken).toBe(newer.accessToken);
});

test('a failed change does not block other changes', async () => {
  const { requestSession, release } = await openWithBarrier();
  release();
  const applicationError = new Error('of the application');
  const failing = requestSession.update(() => {
    throw applicationError;
  });
  await expect(failing).rejects.toBe(applicationError);
  await requestSession.update((data) => ({ ...data, a: 1 }));
  expect(requestSession.session?.data).toEqual({ a: 1 });
});

test('checks at each change and refresh whether the cookie can be set', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  let writable = true;
  const requestSession = await app.sessions.open(browser.header(), { writable: () => writable });
  await requestSession.update(() => ({ a: 1 }));
  writable = false;
  await expect(requestSession.update(() => ({ a: 2 }))).rejects.toMatchObject({ code: 'wrong_context' });
  await expect(requestSession.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
    code: 'wrong_context',
  });
  expect(requestSession.session?.data).toEqual({ a: 1 });
  expect(app.server.requestsTo('token')).toHaveLength(1);
});
