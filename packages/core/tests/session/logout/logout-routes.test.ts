// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { decodeJwt } from 'jose';
import { expect, test, vi } from 'vitest';
import type { Fetch } from '../../../src/internal/fetch/bounded-fetch.ts';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import { createMemoryReplayStore } from '../../../src/tokens/stores/replay-store.ts';
import {
  baseUrl,
  createSessionOptions,
  createWebApp,
  sessionKinds,
  type WebApp,
} from '../../support/web-browser.ts';

const html = { accept: 'text/html' };
const sameOrigin = { origin: baseUrl };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

test('S21: logs out for a page of this application, and asks for confirmation otherwise', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const crossSiteHeaders = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    {},
  ];
  for (const headers of crossSiteHeaders) {
    expect(
      (await browser.visit('/auth/logout', { method: 'POST', headers: headers as HeadersInit })).status,
    ).toBe(403);
  }
  const confirmation = await browser.visit('/auth/logout', { headers: html });
  expect(confirmation.status).toBe(200);
  expect(await confirmation.text()).toContain('<form method="post" action="/auth/logout">');
  expect(browser.cookies.has('__Host-session')).toBe(true);
});

test('S21: redirects only to a registered URL after a logout', async () => {
  const uris = [`${baseUrl}/`, 'https://www.example.test/bye'];
  const app = await createWebApp({ postLogoutRedirectUris: uris });
  const readTarget = async (returnTo: string) => {
    const browser = app.open();
    await browser.logIn();
    const body = new URLSearchParams({ returnTo }).toString();
    const response = await browser.visit('/auth/logout', {
      method: 'POST',
      headers: { ...sameOrigin, ...form },
      body,
    });
    return new URL(response.headers.get('location') ?? '').searchParams.get('post_logout_redirect_uri');
  };
  expect(await readTarget('https://www.example.test/bye')).toBe('https://www.example.test/bye');
  expect(await readTarget('/')).toBe(`${baseUrl}/`);
  expect(await readTarget('https://evil.example/')).toBe(`${baseUrl}/`);
  expect(await readTarget('//evil.example')).toBe(`${baseUrl}/`);
});

test.each([
  ['https://app.example.test', 'https://app.example.test'],
  ['https://app.example.test', '/'],
  ['https://App.example.test/bye', '/bye'],
  ['https://app.example.test:443/bye', 'https://app.example.test:443/bye'],
  ['https://app.example.test:443/bye', '/bye'],
  ['https://müller.example/bye', 'https://müller.example/bye'],
  ['https://müller.example/bye', 'https://xn--mller-kva.example/bye'],
  ['https://app.example.test/tschüss', '/tschüss'],
  ['https://app.example.test/a/../bye', '/bye'],
  ['com.example.app:/bye', 'com.example.app:/bye'],
])('a logout finds the registered URL %s by %s, and sends it as it is registered', async (uri, returnTo) => {
  const app = await createWebApp({ postLogoutRedirectUris: [`${baseUrl}/first`, uri] });
  const browser = app.open();
  await browser.logIn();
  const { url } = await app.sessions.startLogout(browser.header(), { returnTo });
  expect(new URL(url).searchParams.get('post_logout_redirect_uri')).toBe(uri);
});

test('a logout prefers the registered URL that is identical to "returnTo"', async () => {
  const uris = [`${baseUrl}/first`, `${baseUrl}/`, baseUrl];
  const app = await createWebApp({ postLogoutRedirectUris: uris });
  for (const returnTo of uris) {
    const browser = app.open();
    await browser.logIn();
    const { url } = await app.sessions.startLogout(browser.header(), { returnTo });
    expect(new URL(url).searchParams.get('post_logout_redirect_uri')).toBe(returnTo);
  }
});

test('revokes the newest refresh token if the logout sends the previous cookie', async () => {
  const issuedTokens: string[] = [];
  const server = await createTestAuthorizationServer();
  const fetch: Fetch = async (url, init) => {
    const response = await server.fetch(url, init);
    if (url.endsWith('/token')) issuedTokens.push((await response.clone().json()).refresh_token);
    return response;
  };
  const app = await createWebApp({}, { at: server, client: { fetch } });
  const browser = app.open();
  await browser.logIn();
  await (await app.sessions.open(browser.header())).getAccessToken({ forceRefresh: true });
  await browser.visit('/auth/logout', { method: 'POST', headers: sameOrigin });
  expect(issuedTokens).toHaveLength(2);
  expect(server.requestsTo('revocation').map(({ body }) => body.token)).toEqual([issuedTokens[1]]);
});

test('logs out while the provider is unavailable', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const copy = browser.header();
  app.server.fail('revocation', { network: true });
  const response = await browser.visit('/auth/logout', { method: 'POST', headers: sameOrigin });
  expect(response.status).toBe(303);
  expect((await app.sessions.open(copy)).session).toBeUndefined();
});

for (const kind of sessionKinds) {
  const start = () => createWebApp(createSessionOptions(kind));
  const post = (app: Awaited<ReturnType<typeof start>>, token: string) =>
    app.open().visit('/auth/backchannel-logout', {
      method: 'POST',
      headers: form,
      body: new URLSearchParams({ logout_token: token }).toString(),
    });

  test(`S13, ${kind}: a logout token ends only the sessions that it selects`, async () => {
    const app = await start();
    const [first, second] = [app.open(), app.open()];
    await first.logIn();
    const sid =
      (await app.server.mintLogoutToken({ aud: 'web' })) &&
      readSid(await app.server.mintLogoutToken({ aud: 'web' }));
    app.server.signIn('bob');
    await second.logIn();
    const result = await post(app, await app.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid }));
    expect(result.status).toBe(200);
    expect((await app.sessions.open(first.header())).session).toBeUndefined();
    expect((await app.sessions.open(second.header())).session?.user.sub).toBe('bob');
    expect(
      (await post(app, await app.server.mintLogoutToken({ aud: 'web', sub: 'bob', sid: undefined }))).status,
    ).toBe(200);
    expect((await app.sessions.open(second.header())).session).toBeUndefined();
  });

  test(`S13, ${kind}: a logout token ends a session whose last refresh had an ID token without sid`, async () => {
    for (const names of ['sid', 'both'] as const) {
      const app = await start();
      const browser = app.open();
      await browser.logIn();
      const token = await app.server.mintLogoutToken({
        aud: 'web',
        ...(names === 'sid' && { sub: undefined }),
      });
      app.server.faults.add('id_token_sid_missing');
      app.server.clock.advance(60);
      const session = await app.sessions.open(browser.header());
      await session.getAccessToken({ forceRefresh: true });
      const newCookies = session.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
      const header = kind === 'cookie' ? newCookies : browser.header();
      expect((await app.sessions.open(header)).session?.user.sub).toBe('alice');
      expect((await post(app, token)).status).toBe(200);
      expect((await app.sessions.open(header)).session, names).toBeUndefined();
    }
  });

  test(`S13, ${kind}: accepts a fresh logout token once, and rejects others with 400`, async () => {
    const app = await start();
    const browser = app.open();
    await browser.logIn();
    const now = Math.floor(app.server.clock.now() / 1000);
    const invalidClaims = {
      'without jti': { jti: undefined },
      'of another client': { aud: 'other' },
      'of another issuer': { iss: 'https://evil.example' },
      'too old': { iat: now - 3_600, exp: now + 60 },
      expired: { exp: now - 3_600 },
      'with a nonce': { nonce: 'n' },
      'without event': { events: undefined },
      'without subject': { sub: undefined, sid: undefined },
    };
    for (const [name, claims] of Object.entries(invalidClaims)) {
      const result = await post(app, await app.server.mintLogoutToken({ aud: 'web', ...claims }));
      expect(result.status, name).toBe(400);
      expect(result.headers.get('cache-control')).toContain('no-store');
    }
    expect((await post(app, 'not a token')).status).toBe(400);
    expect((await app.open().visit('/auth/backchannel-logout', { method: 'POST' })).status).toBe(400);
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
    const token = await app.server.mintLogoutToken({ aud: 'web' });
    expect((await post(app, token)).status).toBe(200);
    expect((await post(app, token)).status).toBe(400);
  });
}

test.each([
  ['cookie', 'the sessions cannot be ended'],
  ['stored', 'the sessions cannot be ended'],
  ['cookie', 'the token cannot be marked as used'],
  ['stored', 'the token cannot be marked as used'],
  ['stored', 'it is unknown whether the token was used'],
] as const)(
  'S63, %s, %s: rejects a logout token with 503, and accepts it once later',
  async (kind, failure) => {
    const store = createMemorySessionStore();
    const tombstones = createMemoryTombstoneStore();
    const replay = createMemoryReplayStore();
    const sessionOptions = kind === 'stored' ? { store, replay } : { tombstones, replay };
    const app = await createWebApp(sessionOptions);
    // A second process of the application, which receives the repeated token.
    const other = await createWebApp(sessionOptions, { at: app.server });
    const browser = app.open();
    await browser.logIn();
    const token = await app.server.mintLogoutToken({ aud: 'web', sub: 'alice', sid: undefined });
    const fail = vi.fn(() => Promise.reject(new Error('unavailable')));
    const { deleteWhere } = store;
    const { set } = tombstones;
    const { claim, has, release } = replay;
    if (failure === 'the sessions cannot be ended') {
      Object.assign(store, { deleteWhere: fail });
      Object.assign(tombstones, { set: fail });
    } else if (failure === 'the token cannot be marked as used') Object.assign(replay, { claim: fail });
    else Object.assign(replay, { has: fail });
    Object.assign(replay, { release: fail });
    for (const process of [app, other]) {
      const first = await postLogoutToken(process, token);
      expect(first.status).toBe(503);
      expect(first.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(process.events).toContainEqual(expect.objectContaining({ type: 'store.unavailable' }));
    }
    expect(fail).toHaveBeenCalled();
    Object.assign(store, { deleteWhere });
    Object.assign(tombstones, { set });
    Object.assign(replay, { claim, has, release });
    expect((await postLogoutToken(other, token)).status).toBe(200);
    expect((await app.sessions.open(browser.header())).session).toBeUndefined();
    for (const process of [app, other]) expect((await postLogoutToken(process, token)).status).toBe(400);
  },
);

test('S63: responds with 503 to a logout token while the keys are unavailable, and accepts it later', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const appWithoutKeys = await createWebApp({}, { at: app.server, client: { retries: 0 } });
  const token = await app.server.mintLogoutToken({ aud: 'web' });
  for (const failure of [{ network: true }, { status: 500 }, { status: 404 }]) {
    app.server.fail('jwks', failure);
    const response = await postLogoutToken(appWithoutKeys, token);
    expect(response.status, JSON.stringify(failure)).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(appWithoutKeys.events).toContainEqual(
      expect.objectContaining({ type: 'request.failed', route: 'backchannelLogout', status: 503 }),
    );
    // Unverified tokens cause at most one key request per second while the keys are unavailable.
    app.server.clock.advance(1);
  }
  expect((await postLogoutToken(appWithoutKeys, token)).status).toBe(200);
});

const postLogoutToken = (app: WebApp, token: string) =>
  app.open().visit('/auth/backchannel-logout', {
    method: 'POST',
    headers: form,
    body: new URLSearchParams({ logout_token: token }).toString(),
  });

function readSid(jwt: string): string {
  return decodeJwt<{ sid: string }>(jwt).sid;
}
