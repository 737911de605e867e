// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { baseUrl, createWebApp, type WebApp } from '../../../../tests/support/web-browser.ts';
import { createMemoryTombstoneStore } from '../stores/memory-tombstone-store.ts';
import { createLongestLifetime } from './longest-lifetime.ts';

// The lifetimes of the options change with a deployment. A logout must outlive each session that it has ended.

const hour = 3_600;
const day = 24 * hour;

async function deploy() {
  const first = await createWebApp();
  const { server } = first;
  const tombstones = createMemoryTombstoneStore({ now: server.clock.now });
  const start = (absoluteLifetime: number) =>
    createWebApp({ tombstones, absoluteLifetime, idleLifetime: absoluteLifetime }, { at: server });
  return { server, tombstones, start };
}

async function endAllSessions(app: WebApp): Promise<void> {
  const token = await app.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined });
  const response = await app.open().visit('/auth/backchannel-logout', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });
  expect(response.status).toBe(200);
}

const logouts = {
  'of the user': (app: WebApp, cookies: Map<string, string>) =>
    app.open(new Map(cookies)).visit('/auth/logout', { method: 'POST', headers: { origin: baseUrl } }),
  'by the provider': endAllSessions,
};

test.each([
  ['of the user', 'shortened', [7 * day, hour, hour]],
  ['by the provider', 'shortened', [7 * day, hour, hour]],
  ['of the user', 'shortened and extended again', [7 * day, hour, 7 * day]],
  ['by the provider', 'shortened and extended again', [7 * day, hour, 7 * day]],
  ['of the user', 'extended', [2 * day, 7 * day, 7 * day]],
  ['by the provider', 'extended', [2 * day, 7 * day, 7 * day]],
] as const)('S83: a logout %s is final although the lifetime was %s', async (by, _, [began, ended, last]) => {
  const { server, start } = await deploy();
  const browser = (await start(began)).open();
  await browser.logIn();
  const copy = browser.header();
  server.clock.advance(600);
  const app = await start(ended);
  expect((await app.sessions.open(copy)).session).toBeDefined();
  await logouts[by](app, browser.cookies);
  // Other logins with the shorter lifetime do not shorten the tombstone.
  await app.open().logIn();
  const later = await start(last);
  for (let time = 0; time < began + hour; time += began / 20) {
    server.clock.advance(began / 20);
    expect((await later.sessions.open(copy)).session, `after ${time} s`).toBeUndefined();
  }
});

test('S83: a login succeeds if its lifetime cannot be recorded, and the next one records it', async () => {
  const { server, tombstones, start } = await deploy();
  const { set } = tombstones;
  tombstones.set = () => Promise.reject(new Error('unavailable'));
  const app = await start(7 * day);
  const browser = app.open();
  expect((await browser.logIn()).status).toBe(303);
  tombstones.set = set;
  await app.open().logIn();
  server.clock.advance(600);
  await endAllSessions(await start(hour));
  server.clock.advance(2 * day);
  const later = await start(7 * day);
  expect((await later.sessions.open(browser.header())).session).toBeUndefined();
});

test('does not read a lifetime from the time of a logout that a full store returns for each key', async () => {
  const tombstones = createMemoryTombstoneStore({ maxEntries: 1 });
  const lifetime = createLongestLifetime({
    tombstones,
    owner: 'owner',
    absoluteLifetime: hour,
    now: () => 1_700_000_000_000,
  });
  await lifetime.record();
  expect(await lifetime.read()).toBe(hour);
  for (const key of ['first', 'second', 'third']) await tombstones.set(key, 1_700_000_000, hour * 1_000);
  expect(await tombstones.latest(['another'])).toBe(1_700_000_000);
  expect(await lifetime.read()).toBe(hour);
});
