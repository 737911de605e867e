// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryReplayStore } from '../../../src/session/index.ts';
import { isSignedIn, openTab, page } from '../../support/session/pending-logins.ts';
import { createWebApp } from '../../support/web-browser.ts';

// While a secret is replaced, some processes cannot decrypt the sessions of others.

const [previous, next] = ['previous secret', 'next secret'].map((text) => text.padEnd(43, '.')) as [
  string,
  string,
];

async function start(clientId?: string) {
  const store = createMemorySessionStore();
  const replay = createMemoryReplayStore();
  const { set } = store;
  // Another client, or a process that stored no client.
  if (clientId !== undefined)
    store.set = (key, record, version) => set(key, { ...record, clientId }, version);
  const both = await createWebApp({ store, replay, secret: [next, previous] });
  const old = await createWebApp({ store, replay, secret: [previous] }, { at: both.server });
  const last = await createWebApp({ store, replay, secret: [next] }, { at: both.server });
  const browser = old.open();
  await browser.logIn();
  expect(await isSignedIn(both, browser)).toBe(true);
  return { both, old, last, store, browser };
}

test('S92: a logout deletes a stored session that this process cannot decrypt', async () => {
  const { both, last, browser } = await start();
  const copy = openTab(both, browser);
  const tab = openTab(last, browser);
  const response = await tab.visit('/auth/logout', page);
  expect(response.status).toBe(303);
  expect(response.headers.get('location')).toContain('/end-session');
  expect(await isSignedIn(both, copy)).toBe(false);
  expect(last.events).toContainEqual(expect.objectContaining({ type: 'session.ended', reason: 'logout' }));
  expect(last.events).toContainEqual(
    expect.objectContaining({ type: 'logout.incomplete', part: 'refresh_token', code: 'invalid_option' }),
  );
  // A repeated logout finds nothing to end.
  const count = last.events.length;
  expect((await openTab(last, copy).visit('/auth/logout', page)).headers.get('location')).not.toContain(
    'end',
  );
  expect(last.events.length).toBe(count);
});

test('S92: a login replaces a stored session that this process cannot decrypt', async () => {
  const { both, last, browser } = await start();
  const copy = openTab(both, browser);
  const tab = openTab(last, browser);
  expect((await tab.logIn()).status).toBe(303);
  expect(await isSignedIn(both, copy)).toBe(false);
  expect(await isSignedIn(last, tab)).toBe(true);
});

test('S92: the deletion is repeated after the store was unavailable', async () => {
  const { both, last, store, browser } = await start();
  const copy = openTab(both, browser);
  const remove = store.delete;
  store.delete = () => Promise.reject(new Error('unavailable'));
  expect((await openTab(last, browser).visit('/auth/logout', page)).status).toBe(503);
  store.delete = remove;
  await expect.poll(() => isSignedIn(both, copy), { timeout: 5_000 }).toBe(false);
});

test('a logout does not delete a stored session of another client', async () => {
  const { both, last, browser } = await start('another client');
  const copy = openTab(both, browser);
  await openTab(last, browser).visit('/auth/logout', page);
  expect(await isSignedIn(both, copy)).toBe(true);
});
