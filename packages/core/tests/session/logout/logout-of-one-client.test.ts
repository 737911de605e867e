// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import { clientSecretBasic } from '../../../src/index.ts';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import type { SessionStore } from '../../../src/session/backends/stores/session-store.ts';
import { createMemoryReplayStore } from '../../../src/tokens/stores/replay-store.ts';
import { createWebApp, sessionKinds, type WebApp } from '../../support/web-browser.ts';

// Two clients of one provider share their stores and their secret. A logout token is for the clients in its aud.

const post = (app: WebApp, token: string) =>
  app.open().visit('/auth/backchannel-logout', {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
  });

async function start(kind: (typeof sessionKinds)[number], store: SessionStore = createMemorySessionStore()) {
  const clients = ['web', 'shop'].map((clientId) => ({ clientId, clientSecret: `${clientId}-secret` }));
  const server = await createTestAuthorizationServer({ clients });
  const options = {
    replay: createMemoryReplayStore({ now: server.clock.now }),
    ...(kind === 'stored'
      ? { store }
      : { tombstones: createMemoryTombstoneStore({ now: server.clock.now }) }),
  };
  const createApp = (clientId: string) =>
    createWebApp(options, {
      at: server,
      client: { clientId, clientAuthentication: clientSecretBasic(`${clientId}-secret`) },
    });
  const [web, shop] = [await createApp('web'), await createApp('shop')];
  const logIn = async (app: WebApp) => {
    const browser = app.open();
    await browser.logIn();
    return browser.header();
  };
  return { server, web, shop, logIn };
}

const isSignedIn = async ({ sessions }: WebApp, cookie: string) =>
  (await sessions.open(cookie)).session !== undefined;

for (const kind of sessionKinds) {
  test.each([
    ['sub', { sid: undefined }],
    ['sid', { sub: undefined }],
    ['sub and sid', {}],
  ])(`S65, ${kind}: a logout token with %s ends only the sessions of its client`, async (_, claims) => {
    const { server, web, shop, logIn } = await start(kind);
    const [webCookie, shopCookie] = [await logIn(web), await logIn(shop)];
    expect((await post(web, await server.mintLogoutToken({ aud: 'web', ...claims }))).status).toBe(200);
    expect(await isSignedIn(web, webCookie)).toBe(false);
    expect(await isSignedIn(shop, shopCookie)).toBe(true);
    // The provider notifies each client.
    expect((await post(shop, await server.mintLogoutToken({ aud: 'shop', ...claims }))).status).toBe(200);
    expect(await isSignedIn(shop, shopCookie)).toBe(false);
  });

  test(`S65, ${kind}: each client accepts a logout token with several audiences once`, async () => {
    const { server, web, shop, logIn } = await start(kind);
    const [webCookie, shopCookie] = [await logIn(web), await logIn(shop)];
    const token = await server.mintLogoutToken({ aud: ['web', 'shop'], sub: 'alice', sid: undefined });
    expect((await post(web, token)).status).toBe(200);
    expect(await isSignedIn(shop, shopCookie)).toBe(true);
    expect((await post(shop, token)).status).toBe(200);
    expect(await isSignedIn(web, webCookie)).toBe(false);
    expect(await isSignedIn(shop, shopCookie)).toBe(false);
    for (const app of [web, shop]) expect((await post(app, token)).status).toBe(400);
  });

  test(`S65, ${kind}: a logout token of one client does not end a pending login of another client`, async () => {
    const { server, web, shop } = await start(kind);
    const browsers = [web.open(), shop.open()];
    const callbacks: string[] = [];
    for (const browser of browsers) {
      const location = (await browser.visit('/auth/login')).headers.get('location') ?? '';
      callbacks.push(String((await server.authorize(location)).url));
    }
    const release = server.hold('token');
    const responses = browsers.map((browser, at) => browser.visit(callbacks[at] ?? ''));
    await expect.poll(() => server.requestsTo('token').length).toBe(2);
    server.clock.advance(0.5);
    await post(web, await server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined }));
    release();
    const [webResponse, shopResponse] = await Promise.all(responses);
    expect(webResponse?.status).toBe(401);
    expect(shopResponse?.status).toBe(303);
    expect(await isSignedIn(shop, browsers[1]?.header() ?? '')).toBe(true);
  });
}

test('S65, stored: a logout token ends sessions that were stored without a client ID', async () => {
  const inner = createMemorySessionStore();
  const { server, web, logIn } = await start('stored', {
    ...inner,
    set: (key, { clientId: _, ...record }, version) => inner.set(key, record, version),
  });
  const cookie = await logIn(web);
  expect(await isSignedIn(web, cookie)).toBe(true);
  await post(web, await server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined }));
  expect(await isSignedIn(web, cookie)).toBe(false);
});
