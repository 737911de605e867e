// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import type { ClientSettings } from '../../../src/index.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import { createMemorySessionStore } from '../../../src/session/index.ts';
import type { WebSessionOptions } from '../../../src/session/options.ts';
import { createSessionOptions, createWebApp, sessionKinds } from '../../support/web-browser.ts';

// A browser sends no `Lax` cookie with a form that another site submits, and no `Strict` cookie when that site redirects.
// The callback therefore does not receive the session that the login replaces.

interface Setting {
  readonly client?: Partial<ClientSettings & { readonly issuer: string }>;
  readonly options?: Partial<WebSessionOptions>;
  /** Characters that are added to each refresh token. Default: 0. */
  readonly refreshTokenPadding?: number;
}

const settings: readonly [string, Setting][] = [
  ['form_post', { client: { responseMode: 'form_post' } }],
  ['SameSite=Strict', { options: { cookie: { sameSite: 'strict' } } }],
  [
    'form_post and SameSite=Strict',
    { client: { responseMode: 'form_post' }, options: { cookie: { sameSite: 'strict' } } },
  ],
];

async function start(
  kind: (typeof sessionKinds)[number],
  { client = {}, options = {}, refreshTokenPadding = 0 }: Setting,
) {
  const padRefreshTokens: ClientSettings['fetch'] = async (url, init) => {
    const response = await app.server.fetch(url, init);
    if (!String(url).endsWith('/token') || !response.ok) return response;
    const { refresh_token: token, ...body } = await response.json();
    return Response.json({ ...body, refresh_token: token + 'r'.repeat(refreshTokenPadding) });
  };
  const settings = refreshTokenPadding > 0 ? { ...client, fetch: padRefreshTokens } : client;
  const app = await createWebApp({ ...createSessionOptions(kind), ...options }, { client: settings });
  const { server, sessions } = app;
  const browser = app.open();
  /** Visits the callback like a browser that another site has redirected. */
  const finish = async (location: string) => {
    const { url, parameters } = await server.authorize(location);
    const sent = app.open(new Map([...browser.cookies].filter(([name]) => name.includes('.login.'))));
    const response = client.responseMode
      ? await sent.visit('/auth/callback', { method: 'POST', body: parameters })
      : await sent.visit(url.pathname + url.search);
    browser.take(response);
    return response;
  };
  const startLogin = async (query = '') =>
    (await browser.visit(`/auth/login${query}`)).headers.get('location') ?? '';
  const logIn = async () => finish(await startLogin());
  const readUser = async (header: string) => (await sessions.open(header)).session?.user.sub;
  const readRevokedTokens = () => server.requestsTo('revocation').map(({ body }) => body.token);
  return { app, server, browser, finish, startLogin, logIn, readUser, readRevokedTokens };
}

/** Starts an application whose callback receives the session cookie. */
async function startWithStores(options: Partial<WebSessionOptions>) {
  const app = await createWebApp(options);
  const browser = app.open();
  const startLogin = async () => (await browser.visit('/auth/login')).headers.get('location') ?? '';
  const finishHere = async (location: string) => {
    const { url } = await app.server.authorize(location);
    return browser.visit(url.pathname + url.search);
  };
  const readUser = async (header: string) => (await app.sessions.open(header)).session?.user.sub;
  return { app, server: app.server, browser, logIn: () => browser.logIn(), startLogin, finishHere, readUser };
}

describe.each(sessionKinds)('%s', (kind) => {
  test.each(settings)(
    'S19, S81: with %s, a login of another user ends the previous session and revokes its refresh token',
    async (_, setting) => {
      const { app, server, browser, logIn, readUser, readRevokedTokens } = await start(kind, setting);
      await logIn();
      const previousCookies = browser.header();
      expect(await readUser(previousCookies)).toBe('alice');
      server.clock.advance(5);
      server.signIn('mallory');
      await logIn();
      expect(await readUser(browser.header())).toBe('mallory');
      expect(await readUser(previousCookies)).toBeUndefined();
      expect(readRevokedTokens()).toHaveLength(1);
      expect(app.events).toContainEqual(
        expect.objectContaining({ type: 'session.ended', reason: 'replaced' }),
      );
    },
  );

  test.each(settings)(
    'S81: with %s, a long returnTo of a link does not prevent the revocation',
    async (_, setting) => {
      const { app, server, logIn, startLogin, finish, readRevokedTokens } = await start(kind, setting);
      for (const [index, length] of [3_000, 3_500, 4_000, 4_500].entries()) {
        server.signIn(`alice-${index}`);
        await logIn();
        server.clock.advance(5);
        server.signIn('mallory');
        await finish(await startLogin(`?returnTo=/${'x'.repeat(length)}`));
        expect(readRevokedTokens()).toHaveLength(index * 2 + 1);
        server.clock.advance(5);
      }
      expect(app.events).not.toContainEqual(expect.objectContaining({ type: 'logout.incomplete' }));
    },
  );

  test.each([1_000, 1_001, 1_200])(
    'keeps a returnTo of %i characters if the refresh token does not fit even without it',
    async (length) => {
      const { app, server, logIn, startLogin, finish } = await start(kind, {
        client: { responseMode: 'form_post' },
        refreshTokenPadding: 1_500,
      });
      await logIn();
      server.clock.advance(5);
      server.signIn('mallory');
      const returnTo = `/${'x'.repeat(length - 1)}`;
      const response = await finish(await startLogin(`?returnTo=${returnTo}`));
      expect(response.headers.get('location')).toContain(returnTo);
      expect(app.events.map(({ type }) => type)).not.toContain('return_to.rejected');
    },
  );

  test.each(settings)(
    'S19: with %s, a login of the same user ends the previous session',
    async (_, setting) => {
      const { server, browser, logIn, readUser, readRevokedTokens } = await start(kind, setting);
      await logIn();
      const previousCookies = browser.header();
      server.clock.advance(5);
      await logIn();
      expect(await readUser(browser.header())).toBe('alice');
      expect(await readUser(previousCookies)).toBeUndefined();
      // Both logins belong to one grant.
      expect(readRevokedTokens()).toEqual([]);
    },
  );

  test('S81: revokes the refresh token that a refresh received during the login', async () => {
    const { app, server, browser, finish, startLogin, logIn, readRevokedTokens } = await start(kind, {
      client: { responseMode: 'form_post' },
    });
    await logIn();
    const location = await startLogin();
    const session = await app.sessions.open(browser.header());
    await session.getAccessToken({ forceRefresh: true });
    server.signIn('mallory');
    await finish(location);
    const issuedTokens = server.requestsTo('token').map(({ body }) => body.refresh_token);
    expect(readRevokedTokens()).toHaveLength(1);
    expect(issuedTokens).not.toContain(readRevokedTokens()[0]);
  });

  test('S19: ends a session that was used during the login, so that its idle lifetime is extended', async () => {
    const { app, server, browser, finish, startLogin, logIn, readUser } = await start(kind, {
      client: { responseMode: 'form_post' },
      options: { idleLifetime: 100 },
    });
    await logIn();
    const location = await startLogin();
    server.clock.advance(90);
    await browser.visit('/auth/session');
    server.clock.advance(90);
    const previousCookies = browser.header();
    expect(await readUser(previousCookies)).toBe('alice');
    server.signIn('mallory');
    await finish(location);
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'session.ended' }));
    expect(await readUser(previousCookies)).toBeUndefined();
  });

  test('S19: ends the previous session although the store failed while the callback read it', async () => {
    const store = createMemorySessionStore();
    const tombstones = createMemoryTombstoneStore();
    const { app, server, browser, logIn, readUser, startLogin, finishHere } = await startWithStores({
      ...(kind === 'stored' ? { store } : { tombstones }),
    });
    await logIn();
    const previousCookies = browser.header();
    server.clock.advance(5);
    server.signIn('mallory');
    const location = await startLogin();
    const { get } = store;
    const { latest } = tombstones;
    // The first read fails.
    store.get = () => {
      store.get = get;
      return Promise.reject(new Error('unavailable'));
    };
    tombstones.latest = () => {
      tombstones.latest = latest;
      return Promise.reject(new Error('unavailable'));
    };
    expect((await finishHere(location)).status).toBe(303);
    expect(await readUser(browser.header())).toBe('mallory');
    expect(await readUser(previousCookies)).toBeUndefined();
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'session.ended', reason: 'replaced' }));
  });

  test('S19: ends the previous session after a login that was restarted', async () => {
    const { server, browser, finish, logIn, readUser } = await start(kind, {
      options: { cookie: { sameSite: 'strict' } },
    });
    await logIn();
    const previousCookies = browser.header();
    const headers = { 'content-type': 'application/json' };
    server.fail('token', { status: 400, body: '{"error":"invalid_grant"}', headers, times: 1 });
    const restartResponse = await logIn();
    server.signIn('mallory');
    await finish(restartResponse.headers.get('location') ?? '');
    expect(await readUser(browser.header())).toBe('mallory');
    expect(await readUser(previousCookies)).toBeUndefined();
  });

  test.each(settings)(
    'S19: ends a session that began after the start of the login: %s',
    async (_, setting) => {
      const { app, server, browser, finish, startLogin, readUser, readRevokedTokens } = await start(
        kind,
        setting,
      );
      // The tabs of a restored window.
      const locations = [await startLogin(), await startLogin(), await startLogin()];
      await finish(locations[0] as string);
      const [previousCookies, session] = [browser.header(), await app.sessions.open(browser.header())];
      expect(session.session?.user.sub).toBe('alice');
      server.clock.advance(5);
      server.signIn('mallory');
      await finish(locations[2] as string);
      expect(await readUser(browser.header())).toBe('mallory');
      expect(await readUser(previousCookies)).toBeUndefined();
      expect(readRevokedTokens()).toHaveLength(1);
      server.clock.advance(5);
      server.signIn('bob');
      const nextCookies = browser.header();
      await finish(locations[1] as string);
      expect(await readUser(browser.header())).toBe('bob');
      expect(await readUser(nextCookies)).toBeUndefined();
      expect(readRevokedTokens()).toHaveLength(2);
    },
  );

  test('S19: a login that is not completed ends no session', async () => {
    const { browser, startLogin, logIn, readUser } = await start(kind, {
      client: { responseMode: 'form_post' },
    });
    await logIn();
    await startLogin();
    expect(await readUser(browser.header())).toBe('alice');
  });
});
