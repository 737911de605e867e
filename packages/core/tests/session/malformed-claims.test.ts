// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../src/internal/fetch/bounded-fetch.ts';
import { applyCookies } from '../../src/session/adapter.ts';
import { createMemorySessionStore, type SessionRecord } from '../../src/session/index.ts';
import { createSessionOptions, createWebApp, sessionKinds, type WebApp } from '../support/web-browser.ts';

interface ChangedClaims {
  /** Claims of the ID token of the login. `undefined` removes one. Default: unchanged. */
  readonly login?: Record<string, unknown>;
  /** Claims of the ID token of each refresh. */
  readonly refresh?: Record<string, unknown>;
}

/** Logs in at a provider that changes claims of its ID tokens. */
async function logIn(changedClaims: ChangedClaims, options: Parameters<typeof createWebApp>[0] = {}) {
  const server = await createTestAuthorizationServer();
  const fetch: Fetch = async (url, init) => {
    const response = await server.fetch(url, init);
    if (!url.endsWith('/token') || response.status !== 200) return response;
    const { id_token: idToken, ...body } = await response.json();
    const isRefresh = String(init?.body).includes('grant_type=refresh_token');
    const change = changedClaims[isRefresh ? 'refresh' : 'login'];
    const claims = { ...decodeJwt(idToken), ...change };
    return Response.json({ ...body, id_token: change ? await server.mintIdToken(claims) : idToken });
  };
  const app = await createWebApp(options, { at: server, client: { fetch, retries: 0 } });
  const browser = app.open();
  await browser.logIn();
  return { app, browser };
}

type Login = Awaited<ReturnType<typeof logIn>>;

/** Refreshes the expired access token. Returns the `Cookie` header of the browser. */
async function refresh({ app, browser }: Login): Promise<string> {
  app.server.clock.advance(4_000);
  const requestSession = await app.sessions.open(browser.header());
  await requestSession.getAccessToken();
  return applyCookies(browser.header(), requestSession.cookies);
}

/** @returns the status of the response */
async function postLogoutToken(app: WebApp, claims: Record<string, unknown>): Promise<number> {
  app.server.clock.advance(5);
  const token = await app.server.mintLogoutToken({ aud: 'web', ...claims });
  const response = await app.open().visit('/auth/backchannel-logout', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });
  return response.status;
}

describe.each(sessionKinds)('a %s session', (kind) => {
  test.each([undefined, null, '', 5, false, {}])(
    'ends by a logout token with the sid of the login, after an ID token with the sid %j',
    async (sid) => {
      for (const sub of ['alice', undefined]) {
        const login = await logIn({ login: { sid: 's1' }, refresh: { sid } }, createSessionOptions(kind));
        const header = await refresh(login);
        expect((await login.app.sessions.open(header)).session?.user.sub).toBe('alice');
        expect(await postLogoutToken(login.app, { sub, sid: 's1' })).toBe(200);
        expect((await login.app.sessions.open(header)).session).toBeUndefined();
      }
    },
  );

  test('ends by a logout token with the sid of the last ID token', async () => {
    const login = await logIn({ login: { sid: 's1' }, refresh: { sid: 's2' } }, createSessionOptions(kind));
    const header = await refresh(login);
    expect(await postLogoutToken(login.app, { sub: 'alice', sid: 's2' })).toBe(200);
    expect((await login.app.sessions.open(header)).session).toBeUndefined();
  });

  test.each([{ sub: '' }, { sub: ' ' }, { sub: null }, { iss: '' }, { iss: ' ' }, { iss: null }])(
    'continues with its user after a refresh with %j in the ID token',
    async (change) => {
      const login = await logIn({ refresh: change }, createSessionOptions(kind));
      const { session } = await login.app.sessions.open(await refresh(login));
      expect(session?.user).toMatchObject({ sub: 'alice', iss: login.app.server.issuer });
      expect(login.app.events).toContainEqual(expect.objectContaining({ type: 'id_token.ignored' }));
    },
  );

  test.each([{ sub: 'bob' }, { sub: 7 }, { iss: 'https://evil.example' }])(
    'ends after a refresh with %j in the ID token',
    async (change) => {
      const login = await logIn({ refresh: change }, createSessionOptions(kind));
      await expect(refresh(login)).rejects.toMatchObject({ code: 'session_ended' });
      expect((await login.app.sessions.open(login.browser.header())).session).toBeUndefined();
    },
  );

  test.each([null, '', 5])('has no claims that are null, with the sid %j', async (sid) => {
    const claims = { sid, email: null, name: null };
    const { app, browser } = await logIn({ login: claims }, createSessionOptions(kind));
    const { session } = await app.sessions.open(browser.header());
    expect(session?.user).toEqual({ iss: app.server.issuer, sub: 'alice' });
  });

  test.each(['', null])('ends by a logout token with its sub and the sid %j', async (sid) => {
    const { app, browser } = await logIn({}, createSessionOptions(kind));
    expect(await postLogoutToken(app, { sub: 'alice', sid })).toBe(200);
    expect((await app.sessions.open(browser.header())).session).toBeUndefined();
  });

  test.each(['', null])('ends by a logout token with its sid and the sub %j', async (sub) => {
    const { app, browser } = await logIn({ login: { sid: 's1' } }, createSessionOptions(kind));
    expect(await postLogoutToken(app, { sub, sid: 's1' })).toBe(200);
    expect((await app.sessions.open(browser.header())).session).toBeUndefined();
  });

  test.each([
    { sub: '', sid: '' },
    { sub: null, sid: '' },
    { sub: '', sid: undefined },
    { sub: 'alice', sid: 5 },
    { sub: 5, sid: 's1' },
  ])('remains after a logout token with %j, which is rejected', async (claims) => {
    const { app, browser } = await logIn({ login: { sid: 's1' } }, createSessionOptions(kind));
    expect(await postLogoutToken(app, claims)).toBe(400);
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
  });
});

test.each([null, '', 5])('a store receives no sid from an ID token with the sid %j', async (sid) => {
  const store = createMemorySessionStore();
  const records: SessionRecord[] = [];
  const login = await logIn(
    { login: { sid }, refresh: { sid } },
    {
      store: {
        ...store,
        set(key, record, version) {
          records.push(record);
          return store.set(key, record, version);
        },
      },
    },
  );
  await refresh(login);
  expect(records.length).toBeGreaterThan(1);
  for (const record of records) expect(record).not.toHaveProperty('sid');
});

test.each([undefined, null, '', 5])(
  'a login in the second of a logout of all sessions is valid, with the sid %j',
  async (sid) => {
    const { app } = await logIn({ login: { sid } });
    app.server.clock.stop();
    app.server.clock.advance(5 + (1_000 - (app.server.clock.now() % 1_000)) / 1_000 + 0.2);
    expect(await postLogoutToken(app, { sub: 'alice', sid: undefined })).toBe(200);
    app.server.clock.advance(0.3);
    const browser = app.open();
    expect((await browser.logIn()).status).toBe(303);
    expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
  },
);
