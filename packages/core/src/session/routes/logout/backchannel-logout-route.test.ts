// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createHarness } from '../../../../tests/support/client/harness.ts';
import { baseUrl, createWebApp, type WebApp } from '../../../../tests/support/web-browser.ts';
import { validateLogoutToken } from '../../../client/logout/logout-token.ts';
import { createMemoryReplayStore, type ReplayStore } from '../../../tokens/stores/replay-store.ts';

const post = async (app: WebApp, token: string): Promise<number | undefined> => {
  const response = await app.sessions.handle(
    new Request(`${baseUrl}/auth/backchannel-logout`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    }),
  );
  return response?.status;
};

const mint = (app: WebApp, claims: Record<string, unknown>) =>
  app.server.mintLogoutToken({ aud: 'web', ...claims });

/** A replay store that records the lifetime of each key, in seconds. */
function createRecordingReplay(app: { readonly now: () => number }) {
  const lifetimes: number[] = [];
  const store = createMemoryReplayStore({ now: app.now });
  const replay: ReplayStore = {
    claim(key, timeToLive) {
      if (key.startsWith('logout ')) lifetimes.push(timeToLive / 1000);
      return store.claim(key, timeToLive);
    },
    has: store.has,
  };
  return { replay, lifetimes };
}

async function start() {
  const clock = { now: () => Date.now() };
  const { replay, lifetimes } = createRecordingReplay({ now: () => clock.now() });
  const app = await createWebApp({ replay }, { client: { allowLogoutTokenWithoutExp: true } });
  app.server.clock.stop();
  // Late within a second, because times in tokens may have a fraction.
  app.server.clock.advance(1.9 - (app.server.clock.now() % 1000) / 1000);
  clock.now = app.server.clock.now;
  const browser = app.open();
  await browser.logIn();
  const isSignedIn = async () => (await app.sessions.open(browser.header())).session !== undefined;
  return { app, browser, lifetimes, isSignedIn, time: () => Math.floor(app.server.clock.now() / 1000) };
}

test.each([
  ['without exp', { exp: undefined }],
  ['with exp null', { exp: null }],
  ['with sid null', { sid: null, sub: 'alice' }],
  ['with sub null', { sub: null }],
  ['with nonce null', { nonce: null }],
  ['with members that are not used and null', { 'urn:example:other': null, auth_time: null }],
])('a logout token %s ends the session', async (_, claims) => {
  const { app, isSignedIn } = await start();
  expect(await post(app, await mint(app, claims))).toBe(200);
  expect(await isSignedIn()).toBe(false);
});

test.each([
  ['sub and sid null', { sub: null, sid: null }],
  ['jti null', { jti: null }],
  ['iat null', { iat: null }],
  ['iat null and no exp', { iat: null, exp: undefined }],
  ['aud null', { aud: [null] }],
  ['events null', { events: null }],
  ['an event that is null', { events: { 'http://schemas.openid.net/event/backchannel-logout': null } }],
  ['an exp that is not a number', { exp: 'later' }],
  ['a nonce', { nonce: '' }],
  ['sub and sid empty', { sub: '', sid: '' }],
  ['a sub that is not a string', { sub: ['alice'] }],
])('S13: rejects a logout token with %s with 400', async (_, claims) => {
  const { app, isSignedIn } = await start();
  expect(await post(app, await mint(app, claims))).toBe(400);
  expect(await isSignedIn()).toBe(true);
});

test('a logout token without exp ends no session without the option that allows it', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  expect(await post(app, await mint(app, { exp: undefined }))).toBe(400);
  expect((await app.sessions.open(browser.header())).session).toBeDefined();
});

test('S13: accepts a logout token without exp for ten minutes plus the tolerance', async () => {
  const { app, isSignedIn, time } = await start();
  for (const claims of [{ exp: undefined }, { exp: null }, { exp: time() + 86_400 }]) {
    expect(await post(app, await mint(app, { ...claims, iat: time() - 630 }))).toBe(400);
  }
  expect(await isSignedIn()).toBe(true);
  expect(await post(app, await mint(app, { exp: undefined, iat: time() - 629 }))).toBe(200);
});

test('S13: validateLogoutToken() rejects an old logout token without exp, and returns the expiry of valid ones', async () => {
  const { client, server } = await createHarness({ client: { allowLogoutTokenWithoutExp: true } });
  server.clock.stop();
  const time = Math.floor(server.clock.now() / 1000);
  await expect(
    validateLogoutToken(
      client,
      await server.mintLogoutToken({ sub: 'alice', exp: undefined, iat: time - 630 }),
    ),
  ).rejects.toMatchObject({ code: 'logout_token_invalid', check: 'iat' });
  const token = await server.mintLogoutToken({ sub: 'alice', exp: undefined, iat: time - 5 });
  await expect(validateLogoutToken(client, token)).resolves.toMatchObject({ exp: time - 5 + 600 });
});

test.each([
  ['a distant exp', (time: number) => ({ iat: time, exp: time + 86_400 * 365 })],
  ['no exp', (time: number) => ({ iat: time, exp: undefined })],
  ['a near exp', (time: number) => ({ iat: time, exp: time + 60 })],
  ['an iat at its limit', (time: number) => ({ iat: time - 629, exp: time + 3_600 })],
  ['an exp with a fraction', (time: number) => ({ iat: time - 60, exp: time - 29.5 })],
  ['an exp at its limit', (time: number) => ({ iat: time - 60, exp: time - 29 })],
])('S13: stores a used logout token with %s only until it is too old', async (_, claims) => {
  const { app, lifetimes, time } = await start();
  const token = await mint(app, claims(time()));
  expect(await post(app, token)).toBe(200);
  const [lifetime = 0] = lifetimes;
  expect(lifetime).toBeGreaterThan(0);
  expect(lifetime).toBeLessThanOrEqual(630);
  // During its lifetime it is rejected as used, and afterwards as too old.
  for (let second = 0; second <= lifetime + 1; second++) {
    expect(await post(app, token), `second ${second}`).toBe(400);
    app.server.clock.advance(1);
  }
});
