// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { createWebApp, type TestBrowser } from '../../../tests/support/web-browser.ts';
import { createMemoryTombstoneStore } from '../index.ts';
import type { TombstoneStore } from './stores/tombstone-store.ts';

// A login and a logout of all sessions of a user occur within one second, so that whole seconds cannot order them.

async function open(tombstones?: TombstoneStore, more: Parameters<typeof createWebApp>[1] = {}) {
  const app = await createWebApp({ ...(tombstones && { tombstones }) }, more);
  const { clock } = app.server;
  // The start of a second.
  clock.stop(Math.ceil(clock.now() / 1_000) * 1_000);
  const endAll = async (claims: { readonly sub?: string; readonly sid?: string | undefined } = {}) => {
    const token = await app.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined, ...claims });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ logout_token: token }).toString();
    const response = await app.open().visit('/auth/backchannel-logout', { method: 'POST', headers, body });
    expect(response.status).toBe(200);
  };
  const readUser = async (browser: TestBrowser) =>
    (await app.sessions.open(browser.header())).session?.user.sub;
  return { app, clock, endAll, readUser };
}

test('S15: accepts a login directly after a logout of the user, and ends it at the next logout', async () => {
  const { app, clock, endAll, readUser } = await open();
  const [before, after, last] = [app.open(), app.open(), app.open()];
  await before.logIn();
  clock.advance(0.2);
  await endAll();
  clock.advance(0.2);
  await after.logIn();
  expect([await readUser(before), await readUser(after)]).toEqual([undefined, 'alice']);
  clock.advance(0.2);
  await endAll();
  clock.advance(0.2);
  await last.logIn();
  expect([await readUser(before), await readUser(after), await readUser(last)]).toEqual([
    undefined,
    undefined,
    'alice',
  ]);
  // The tombstone of its session ID at the provider did not exist at the login.
  const { sid } = decodeJwt<{ sid: string }>(await app.server.mintLogoutToken({ aud: 'web' }));
  await endAll({ sid });
  expect(await readUser(last)).toBeUndefined();
});

test('S15: retains the preceding logout of a session across refreshes', async () => {
  const { app, clock, endAll, readUser } = await open();
  await endAll();
  clock.advance(0.2);
  const browser = app.open();
  await browser.logIn();
  clock.advance(3_590);
  const requestSession = await app.sessions.open(browser.header());
  await requestSession.getAccessToken();
  for (const { name, value } of requestSession.cookies) browser.cookies.set(name, value);
  expect(await readUser(browser)).toBe('alice');
  await endAll();
  expect(await readUser(browser)).toBeUndefined();
});

test('S15: ends the session of a login at a logout during its token request', async () => {
  for (const [wait, nextSecond] of [
    [0.2, false],
    [1.5, true],
  ] as const) {
    const { app, clock, endAll, readUser } = await open();
    clock.advance(0.1);
    const browser = app.open();
    const before = app.server.requestsTo('token').length;
    const release = app.server.hold('token');
    const login = browser.logIn();
    await expect.poll(() => app.server.requestsTo('token').length).toBeGreaterThan(before);
    clock.advance(0.1);
    await endAll();
    clock.advance(wait);
    release();
    await login;
    expect(await readUser(browser), `in the next second: ${nextSecond}`).toBeUndefined();
  }
});

test('S15: applies a logout whose process has a slow clock', async () => {
  const tombstones = createMemoryTombstoneStore();
  const { app, clock, endAll, readUser } = await open(tombstones);
  const processWithSlowClock = await createWebApp(
    { tombstones },
    { at: app.server, client: { now: () => clock.now() - 300 } },
  );
  clock.advance(0.4);
  await endAll();
  clock.advance(0.1);
  const browser = app.open();
  await browser.logIn();
  expect(await readUser(browser)).toBe('alice');
  const body = new URLSearchParams({
    logout_token: await app.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined }),
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await processWithSlowClock
    .open()
    .visit('/auth/backchannel-logout', { method: 'POST', headers, body: body.toString() });
  expect(await readUser(browser)).toBeUndefined();
});

test('S9: rejects a session while the tombstones cannot be read, and names the store', async () => {
  const memory = createMemoryTombstoneStore();
  let isUnavailable = false;
  const latest: TombstoneStore['latest'] = (keys) => {
    if (isUnavailable) throw new Error('unavailable');
    return memory.latest(keys);
  };
  const { app, endAll, readUser } = await open({ set: memory.set, latest });
  await endAll();
  isUnavailable = true;
  const browser = app.open();
  expect((await browser.logIn()).status).toBe(303);
  await expect(readUser(browser)).rejects.toMatchObject({ code: 'store_unavailable' });
  isUnavailable = false;
  // The order of logout and login is unknown.
  expect(await readUser(browser)).toBeUndefined();
});
