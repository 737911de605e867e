// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemorySessionStore, createMemoryTombstoneStore } from '../../src/session/index.ts';
import { createMemoryLock } from '../../src/tokens/stores/refresh-lock.ts';
import { createMemorySuccessorStore } from '../../src/tokens/stores/successor-store.ts';
import { createWebApp, type WebApp } from '../support/web-browser.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const { setTimeout: startTimer } = globalThis;

/** Lets the time pass until a promise is settled, for a minute at most. Returns its result and the milliseconds. */
async function settle<T>(
  promise: Promise<T>,
): Promise<{ readonly outcome: unknown; readonly elapsed: number }> {
  let outcome: unknown = 'pending';
  promise.then(
    () => {
      outcome = 'success';
    },
    (error) => {
      outcome = error.code;
    },
  );
  const start = performance.now();
  while (outcome === 'pending' && performance.now() - start < 60_000) {
    // Cryptography ends in other threads.
    await new Promise<void>((resolve) => void startTimer(resolve, 5));
    if (outcome === 'pending') await vi.advanceTimersByTimeAsync(100);
  }
  return { outcome, elapsed: performance.now() - start };
}

function createStores(kind: string) {
  const store = createMemorySessionStore();
  const ports = {
    store,
    tombstones: createMemoryTombstoneStore(),
    lock: createMemoryLock(),
    successors: createMemorySuccessorStore(),
  };
  const { tombstones, lock, successors } = ports;
  const options = { ...(kind === 'stored' && { store }), tombstones, refresh: { lock, successors } };
  return { ports, options };
}

/** Replaces a method of a store with one whose first calls never complete. Returns a function that completes them. */
function hang(
  port: object,
  method: string,
  { calls = Number.POSITIVE_INFINITY } = {},
): () => Promise<unknown> {
  const methods = port as Record<string, (...parameters: unknown[]) => Promise<unknown>>;
  const run = methods[method] as (...parameters: unknown[]) => Promise<unknown>;
  const lateCalls: (() => Promise<unknown>)[] = [];
  methods[method] = (...parameters) => {
    if (lateCalls.length === calls) return run.apply(port, parameters);
    return new Promise((resolve) => {
      lateCalls.push(async () => {
        const result = await run.apply(port, parameters);
        resolve(result);
        return result;
      });
    });
  };
  return () => Promise.all(lateCalls.map((complete) => complete()));
}

async function startWithExpiredToken(options: Parameters<typeof createWebApp>[0]) {
  const app = await createWebApp(options);
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(4_000);
  const countRefreshes = () => app.server.requestsTo('token').length - 1;
  return { app, browser, countRefreshes };
}

const getAccessToken = async (app: WebApp, cookies: string) =>
  (await app.sessions.open(cookies)).getAccessToken();

describe.each(['cookie', 'stored'] as const)('a call of a store that never completes, %s session', (kind) => {
  test.each([
    ['lock.release', 0],
    ['lock.renew', 0],
    ['lock.acquire', 20_000],
    ['successors.set', 5_000],
    ['successors.get', 20_000],
    ['store.set', 5_000],
  ] as const)(
    '%s: the refresh ends after a limited time, with the token that was received',
    async (call, timeLimit) => {
      const { ports, options } = createStores(kind);
      const { app, browser, countRefreshes } = await startWithExpiredToken(options);
      const requestSession = await app.sessions.open(browser.header());
      const [port, method] = call.split('.') as [keyof typeof ports, string];
      hang(ports[port], method);
      const { outcome, elapsed } = await settle(requestSession.getAccessToken());
      // A stored session is never refreshed without the shared lock.
      const isLockMissing = kind === 'stored' && call === 'lock.acquire';
      expect([outcome, countRefreshes()]).toEqual(isLockMissing ? ['store_unavailable', 0] : ['success', 1]);
      expect(elapsed).toBeLessThanOrEqual(timeLimit + 2_000);
    },
  );

  test.each([kind === 'cookie' ? 'tombstones.latest' : 'store.get'])(
    '%s: the request fails',
    async (call) => {
      const { ports, options } = createStores(kind);
      const { app, browser } = await startWithExpiredToken(options);
      const [port, method] = call.split('.') as [keyof typeof ports, string];
      hang(ports[port], method);
      const { outcome, elapsed } = await settle(app.sessions.open(browser.header()));
      expect(outcome).toBe('store_unavailable');
      expect(elapsed).toBeLessThanOrEqual(7_000);
    },
  );
});

test('one write that never completes does not block later requests, in any process', async () => {
  const { ports, options } = createStores('stored');
  const { app, browser, countRefreshes } = await startWithExpiredToken(options);
  const completeLate = hang(ports.store, 'set', { calls: 1 });
  const cookies = browser.header();
  expect(await settle(getAccessToken(app, cookies))).toMatchObject({ outcome: 'success' });
  await settle(vi.advanceTimersByTimeAsync(5_000));
  const other = await createWebApp(options, { at: app.server });
  for (const process of [app, other])
    expect(await settle(getAccessToken(process, cookies))).toMatchObject({ outcome: 'success' });
  expect(countRefreshes()).toBe(1);
  // The store completes the first write after the repeated one, which has replaced its version.
  expect(await completeLate()).toEqual([false]);
});

test('a write that completes after its time is neither repeated nor lost', async () => {
  const { ports, options } = createStores('stored');
  const { app, browser, countRefreshes } = await startWithExpiredToken(options);
  const completeLate = hang(ports.store, 'set', { calls: 1 });
  const cookies = browser.header();
  expect(await settle(getAccessToken(app, cookies))).toMatchObject({ outcome: 'success' });
  expect(await completeLate()).toEqual([true]);
  await settle(vi.advanceTimersByTimeAsync(5_000));
  const other = await createWebApp({ ...options, refresh: {} }, { at: app.server });
  expect(await settle(getAccessToken(other, cookies))).toMatchObject({ outcome: 'success' });
  expect(countRefreshes()).toBe(1);
});

test('a lock that the store acquires late is released', async () => {
  const { ports, options } = createStores('stored');
  const { app, browser } = await startWithExpiredToken(options);
  const { acquire } = ports.lock;
  const keys: string[] = [];
  ports.lock.acquire = (key, request) => {
    keys.push(key);
    return acquire(key, request);
  };
  const completeLate = hang(ports.lock, 'acquire');
  expect(await settle(getAccessToken(app, browser.header()))).toMatchObject({ outcome: 'store_unavailable' });
  await completeLate();
  const isFree = acquire(keys[0] as string, { owner: 'other', timeToLive: 1_000, wait: 0 });
  expect(await isFree).toBe(true);
});
