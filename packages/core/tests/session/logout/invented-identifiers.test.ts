// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import { createMemoryReplayStore, createMemorySessionStore } from '../../../src/session/index.ts';
import { baseUrl, createWebApp } from '../../support/web-browser.ts';

// While the session store is unavailable, anyone can log out with identifiers of sessions that do not exist.

afterEach(() => void vi.useRealTimers());

const unavailable = () => Promise.reject(new Error('unavailable'));

const copiesPerRequest = 32;

async function start() {
  const store = createMemorySessionStore();
  const originalMethods = { ...store };
  const calls = vi.fn();
  const fail = () => {
    calls();
    return unavailable();
  };
  const replay = createMemoryReplayStore();
  const claim = vi.fn(replay.claim);
  const app = await createWebApp({
    store,
    replay: { ...replay, claim },
    cookie: { domain: 'example.test' },
  });
  let count = 0;
  const logOut = (cookie: string, fields: Record<string, string> = {}) =>
    app.sessions.handle(
      new Request(new URL('/auth/logout', baseUrl), {
        method: 'POST',
        headers: { origin: baseUrl, cookie, accept: 'application/json', 'sec-fetch-mode': 'cors' },
        body: new URLSearchParams(fields),
      }),
    ) as Promise<Response>;
  return {
    app,
    calls,
    claim,
    logOut,
    createCookies: () =>
      Array.from(
        { length: copiesPerRequest },
        () => `__Secure-session=${String(count++).padStart(43, 'A')}`,
      ).join('; '),
    breakWrites: () => void Object.assign(store, { set: fail, delete: fail, deleteWhere: fail }),
    breakReads: () => void Object.assign(store, { get: fail }),
    repairReads: () => void Object.assign(store, { get: originalMethods.get }),
    repair: () => void Object.assign(store, originalMethods),
  };
}

test.each(['cookies', 'the form field of a repeated logout'])(
  'S80: a flood of invented identifiers in %s starts one timer, and few calls of the store',
  async (place) => {
    const { app, calls, logOut, createCookies, breakReads, breakWrites, repair } = await start();
    breakReads();
    breakWrites();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    for (let index = 0; index < 40; index++) {
      const response = await logOut(createCookies());
      expect(response.status).toBe(503);
      const { retry } = await response.json();
      if (place !== 'cookies') expect((await logOut('', { retry })).status).toBe(503);
    }
    expect(vi.getTimerCount()).toBe(1);
    calls.mockClear();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.mock.calls.length).toBeLessThan(1_000);
    repair();
    // Each check advances the clock.
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0), { timeout: 20_000 });
    if (place === 'cookies') expect(app.events.some(({ type }) => type === 'session.ended')).toBe(false);
  },
);

test.each(['writes', 'reads and writes'])(
  'S80: invented identifiers do not displace the session of a user whose logout failed while %s failed',
  async (failures) => {
    const { app, logOut, createCookies, breakReads, breakWrites, repairReads } = await start();
    const browser = app.open();
    await browser.logIn();
    const cookie = browser.header();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    breakWrites();
    if (failures === 'reads and writes') breakReads();
    expect((await logOut(cookie)).status).toBe(503);
    breakReads();
    for (let index = 0; index < 10_240 / copiesPerRequest; index++) await logOut(createCookies());
    // The store can be read again, but not written.
    repairReads();
    expect((await app.sessions.open(cookie)).session).toBeUndefined();
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await app.sessions.open(cookie)).session).toBeUndefined();
  },
);

test('S88: logouts with invented identifiers do not exceed the limit of logout records', async () => {
  const { app, claim, logOut, createCookies, breakReads, breakWrites } = await start();
  breakReads();
  breakWrites();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  for (let index = 0; index < 260; index++) {
    const browser = app.open();
    for (let login = 0; login < 4; login++) await browser.visit('/auth/login');
    await logOut(`${browser.header()}; ${createCookies().split('; ', 1)}`);
  }
  expect(claim).toHaveBeenCalledTimes(1_000);
});
