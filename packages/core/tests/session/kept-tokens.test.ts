// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.

import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test, vi } from 'vitest';
import type { Fetch } from '../../src/internal/fetch/bounded-fetch.ts';
import { createMemorySessionStore } from '../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../src/session/backends/stores/memory-tombstone-store.ts';
import type { WebSessionOptions } from '../../src/session/options.ts';
import { createMemoryLock } from '../../src/tokens/stores/refresh-lock.ts';
import { createMemorySuccessorStore } from '../../src/tokens/stores/successor-store.ts';
import { baseUrl, createWebApp, sessionKinds } from '../support/web-browser.ts';

// The application keeps received tokens when another operation fails, and revokes the tokens of an ended session.

const fail = () => Promise.reject(new Error('unavailable'));
const resources = ['https://one.example.test', 'https://two.example.test'] as const;

/** Starts two processes with shared stores that can fail, and records the refresh tokens that the provider issues. */
async function start(kind: (typeof sessionKinds)[number], more: Partial<WebSessionOptions> = {}) {
  const stores = {
    store: createMemorySessionStore(),
    tombstones: createMemoryTombstoneStore(),
    lock: createMemoryLock(),
    successors: createMemorySuccessorStore(),
  };
  const originalMethods = Object.fromEntries(
    Object.entries(stores).map(([name, store]) => [name, { ...store }]),
  );
  const { store, tombstones, lock, successors } = stores;
  const options = { ...(kind === 'stored' && { store }), tombstones, refresh: { lock, successors }, ...more };
  const server = await createTestAuthorizationServer();
  const issuedTokens: string[] = [];
  /** Runs when a token response has arrived. */
  const onTokens: { run: () => void | Promise<void> } = { run: () => {} };
  const fetch: Fetch = async (url, init) => {
    const response = await server.fetch(url, init);
    if (!url.endsWith('/token')) return response;
    issuedTokens.push((await response.clone().json()).refresh_token);
    await onTokens.run();
    return response;
  };
  const client = { fetch, resource: resources, retries: 0 };
  const app = await createWebApp(options, { at: server, client });
  const other = await createWebApp(options, { at: server, client });
  const browser = app.open();
  await browser.logIn();
  const repair = () => {
    for (const [name, methods] of Object.entries(originalMethods))
      Object.assign(stores[name as keyof typeof stores], methods);
  };
  const readRevokedTokens = () => server.requestsTo('revocation').map(({ body }) => body.token);
  return { app, other, server, browser, stores, issuedTokens, onTokens, repair, readRevokedTokens };
}

describe.each(sessionKinds)('%s', (kind) => {
  test.each([
    ['the session store', ['store', 'tombstones']],
    ['the lock', ['lock']],
    ['the successor store', ['successors']],
    ['each store', ['store', 'tombstones', 'lock', 'successors']],
  ] as const)('K9: returns and keeps received tokens if %s then fails', async (_, names) => {
    const { app, other, server, browser, stores, onTokens, repair } = await start(kind);
    server.clock.advance(3_590);
    const requestSession = await app.sessions.open(browser.header());
    onTokens.run = () => {
      for (const name of names) {
        const store = stores[name] as unknown as Record<string, unknown>;
        for (const method of Object.keys(store)) store[method] = fail;
      }
    };
    const token = await requestSession.getAccessToken();
    expect(token.accessToken).toBeTruthy();
    const { cookies } = requestSession;
    expect(cookies.every(({ maxAge }) => maxAge !== 0)).toBe(true);
    for (const { name, value } of cookies) browser.cookies.set(name, value);
    repair();
    // This process has the tokens at once. The other one has them when the repeated write has succeeded.
    expect(await (await app.sessions.open(browser.header())).getAccessToken()).toEqual(token);
    const lateSession = await other.sessions.open(browser.header());
    expect(await lateSession.getAccessToken()).toEqual(token);
    expect(server.requestsTo('token')).toHaveLength(2);
    // The session contains the tokens, and not only the successor store.
    stores.successors.get = fail;
    server.clock.advance(3_590);
    const next = await other.sessions.open(browser.header());
    expect((await next.getAccessToken()).accessToken).not.toBe(token.accessToken);
  });

  test('K9: a late request spends no refresh token while the shared successor store fails', async () => {
    const { app, server, browser, stores } = await start(kind);
    server.clock.advance(3_590);
    const previous = browser.header();
    const token = await (await app.sessions.open(previous)).getAccessToken();
    stores.successors.get = fail;
    expect(await (await app.sessions.open(previous)).getAccessToken()).toEqual(token);
    expect(server.requestsTo('token')).toHaveLength(2);
  });

  test('S81: revokes tokens that arrive after the logout', async () => {
    const { app, server, browser, issuedTokens, onTokens, readRevokedTokens } = await start(kind);
    server.clock.advance(3_590);
    let release = () => {};
    const barrier = new Promise<void>((resolve) => {
      release = resolve;
    });
    onTokens.run = () => barrier;
    const requestSession = await app.sessions.open(browser.header());
    const refresh = requestSession.getAccessToken();
    await expect.poll(() => issuedTokens.length).toBe(2);
    await browser.visit('/auth/logout', { method: 'POST', headers: { origin: baseUrl } });
    release();
    await expect(refresh).rejects.toMatchObject({ code: 'session_ended' });
    expect(readRevokedTokens()).toEqual(issuedTokens);
  });

  test('S81: revokes tokens that a refresh wrote, but that the logout did not find', async () => {
    const { app, other, server, browser, stores, issuedTokens, readRevokedTokens } = await start(kind);
    server.clock.advance(3_590);
    // Another process logs the user out with the previous cookie before the successor is stored.
    const { set } = stores.successors;
    const header = browser.header();
    stores.successors.set = async (...args) => {
      stores.successors.set = set;
      await other.sessions.startLogout(header);
      return set(...args);
    };
    const requestSession = await app.sessions.open(header);
    await expect(requestSession.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(issuedTokens).toHaveLength(2);
    expect(readRevokedTokens()).toContain(issuedTokens[1]);
  });
});

test('K10: a repeated write does not replace the tokens of a later refresh', async () => {
  const { app, other, server, browser, stores, issuedTokens } = await start('stored');
  server.clock.advance(3_590);
  const release = vi.spyOn(stores.lock, 'release');
  const { set } = stores.store;
  stores.store.set = fail;
  const one = await app.sessions.open(browser.header());
  await one.getAccessToken({ resource: resources[0] });
  expect(release).not.toHaveBeenCalled();
  stores.store.set = set;
  const two = await app.sessions.open(browser.header());
  await two.getAccessToken({ resource: resources[1] });
  expect(issuedTokens).toHaveLength(3);
  // The lock of the first refresh is released after the repeated write.
  await vi.waitFor(() => expect(release).toHaveBeenCalledTimes(2), { timeout: 10_000 });
  stores.successors.get = async () => undefined;
  server.clock.advance(3_590);
  const later = await other.sessions.open(browser.header());
  await later.getAccessToken({ resource: resources[0] });
  expect(server.requestsTo('token').at(-1)?.body.refresh_token).toBe(issuedTokens[2]);
  expect(later.session).toBeDefined();
});

test('stored: repeats a write that loses the races against other writes of the session', async () => {
  const { app, other, server, browser, stores } = await start('stored');
  server.clock.advance(3_590);
  const { set } = stores.store;
  let lostCount = 0;
  // More than the immediate attempts of two writes.
  stores.store.set = async (...record) => (lostCount++ < 20 ? false : set(...record));
  const token = await (await app.sessions.open(browser.header())).getAccessToken();
  stores.successors.get = async () => undefined;
  await expect
    .poll(async () => (await other.sessions.open(browser.header())).getRemainingLifetime(), {
      timeout: 5_000,
    })
    .toBeGreaterThan(3_000);
  expect(await (await other.sessions.open(browser.header())).getAccessToken()).toEqual(token);
  expect(server.requestsTo('token')).toHaveLength(2);
});
