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

// Tokens that were received are kept, whatever fails beside them, and those of an ended session are revoked.

const fail = () => Promise.reject(new Error('unavailable'));
const resources = ['https://one.example.test', 'https://two.example.test'] as const;

/** Shared stores that can fail, two processes, and the refresh tokens that the provider has issued. */
async function start(kind: (typeof sessionKinds)[number], more: Partial<WebSessionOptions> = {}) {
  const stores = {
    store: createMemorySessionStore(),
    tombstones: createMemoryTombstoneStore(),
    lock: createMemoryLock(),
    successors: createMemorySuccessorStore(),
  };
  const working = Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, { ...store }]));
  const { store, tombstones, lock, successors } = stores;
  const options = { ...(kind === 'stored' && { store }), tombstones, refresh: { lock, successors }, ...more };
  const server = await createTestAuthorizationServer();
  const issued: string[] = [];
  /** Runs when a token response has arrived. */
  const onTokens: { run: () => void | Promise<void> } = { run: () => {} };
  const fetch: Fetch = async (url, init) => {
    const response = await server.fetch(url, init);
    if (!url.endsWith('/token')) return response;
    issued.push((await response.clone().json()).refresh_token);
    await onTokens.run();
    return response;
  };
  const client = { fetch, resource: resources, retries: 0 };
  const app = await createWebApp(options, { at: server, client });
  const other = await createWebApp(options, { at: server, client });
  const browser = app.open();
  await browser.logIn();
  const repair = () => {
    for (const [name, methods] of Object.entries(working))
      Object.assign(stores[name as keyof typeof stores], methods);
  };
  const readRevoked = () => server.requestsTo('revocation').map(({ body }) => body.token);
  return { app, other, server, browser, stores, issued, onTokens, repair, readRevoked };
}

describe.each(sessionKinds)('%s', (kind) => {
  test.each([
    ['the session store', ['store', 'tombstones']],
    ['the lock', ['lock']],
    ['the successor store', ['successors']],
    ['each store', ['store', 'tombstones', 'lock', 'successors']],
  ] as const)('K9: returns and keeps the tokens if %s fails when they arrive', async (_, names) => {
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
    // This process knows the tokens at once; the other one when the repeated write has succeeded.
    expect(await (await app.sessions.open(browser.header())).getAccessToken()).toEqual(token);
    const late = await other.sessions.open(browser.header());
    expect(await late.getAccessToken()).toEqual(token);
    expect(server.requestsTo('token')).toHaveLength(2);
    // The session itself has the tokens, not only the successor store.
    stores.successors.get = fail;
    server.clock.advance(3_590);
    const next = await other.sessions.open(browser.header());
    expect((await next.getAccessToken()).accessToken).not.toBe(token.accessToken);
  });

  test('K9: a late request spends no token while the shared successor store fails', async () => {
    const { app, server, browser, stores } = await start(kind);
    server.clock.advance(3_590);
    const previous = browser.header();
    const token = await (await app.sessions.open(previous)).getAccessToken();
    stores.successors.get = fail;
    expect(await (await app.sessions.open(previous)).getAccessToken()).toEqual(token);
    expect(server.requestsTo('token')).toHaveLength(2);
  });

  test('S81: revokes tokens that arrive after the logout', async () => {
    const { app, server, browser, issued, onTokens, readRevoked } = await start(kind);
    server.clock.advance(3_590);
    let release = () => {};
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    onTokens.run = () => isReleased;
    const requestSession = await app.sessions.open(browser.header());
    const refresh = requestSession.getAccessToken();
    await expect.poll(() => issued.length).toBe(2);
    await browser.visit('/auth/logout', { method: 'POST', headers: { origin: baseUrl } });
    release();
    await expect(refresh).rejects.toMatchObject({ code: 'session_ended' });
    expect(readRevoked()).toEqual(issued);
  });

  test('S81: revokes tokens that were written but unknown to the logout', async () => {
    const { app, other, server, browser, stores, issued, readRevoked } = await start(kind);
    server.clock.advance(3_590);
    // Another process, which does not know the successor yet, logs the user out with the previous cookie.
    const { set } = stores.successors;
    const header = browser.header();
    stores.successors.set = async (...args) => {
      stores.successors.set = set;
      await other.sessions.startLogout(header);
      return set(...args);
    };
    const requestSession = await app.sessions.open(header);
    await expect(requestSession.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
    expect(issued).toHaveLength(2);
    expect(readRevoked()).toContain(issued[1]);
  });
});

test('K10: a repeated write does not replace the tokens of a later refresh', async () => {
  const { app, other, server, browser, stores, issued } = await start('stored');
  server.clock.advance(3_590);
  const released = vi.spyOn(stores.lock, 'release');
  const { set } = stores.store;
  stores.store.set = fail;
  const one = await app.sessions.open(browser.header());
  await one.getAccessToken({ resource: resources[0] });
  expect(released).not.toHaveBeenCalled();
  stores.store.set = set;
  const two = await app.sessions.open(browser.header());
  await two.getAccessToken({ resource: resources[1] });
  expect(issued).toHaveLength(3);
  // The repeated write has ended when the lock of the first refresh is released.
  await vi.waitFor(() => expect(released).toHaveBeenCalledTimes(2), { timeout: 10_000 });
  stores.successors.get = async () => undefined;
  server.clock.advance(3_590);
  const later = await other.sessions.open(browser.header());
  await later.getAccessToken({ resource: resources[0] });
  expect(server.requestsTo('token').at(-1)?.body.refresh_token).toBe(issued[2]);
  expect(later.session).toBeDefined();
});
