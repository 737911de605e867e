// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import type { WebSessionOptions } from '../../../src/session/options.ts';
import { createWebApp, sessionKinds, type WebApp } from '../../support/web-browser.ts';

// A logout token is confirmed while the code of a login of the same user is exchanged.

const form = { 'content-type': 'application/x-www-form-urlencoded' };

async function start(kind: (typeof sessionKinds)[number], more: Partial<WebSessionOptions> = {}) {
  const options: Partial<WebSessionOptions> = {
    ...(kind === 'stored'
      ? { store: createMemorySessionStore() }
      : { tombstones: createMemoryTombstoneStore() }),
    ...more,
  };
  const app = await createWebApp(options);
  return { app, other: await createWebApp(options, { at: app.server }) };
}

async function postLogoutToken(app: WebApp, claims: Record<string, unknown>): Promise<number> {
  const body = new URLSearchParams({
    logout_token: await app.server.mintLogoutToken({ aud: 'web', ...claims }),
  });
  const init = { method: 'POST', headers: form, body: body.toString() };
  return (await app.open().visit('/auth/backchannel-logout', init)).status;
}

const readSid = async ({ server }: WebApp) =>
  decodeJwt<{ sid: string }>(await server.mintLogoutToken({ aud: 'web' })).sid;

describe.each(sessionKinds)('%s', (kind) => {
  test.each([
    ['sub', 'token', false],
    ['sid', 'token', false],
    ['sub and sid', 'token', false],
    ['sub', 'token', true],
    ['sid', 'userinfo', true],
  ] as const)(
    'S82: a logout by %s during the %s request prevents the session (in another process: %s)',
    async (claim, endpoint, isInOtherProcess) => {
      const { app, other } = await start(kind, { userinfo: endpoint === 'userinfo' });
      const browser = app.open();
      const release = app.server.hold(endpoint);
      const login = browser.logIn();
      await expect.poll(() => app.server.requestsTo(endpoint).length).toBe(1);
      const sid = claim === 'sub' ? undefined : await readSid(app);
      const claims = { sub: claim === 'sid' ? undefined : 'alice', sid };
      expect(await postLogoutToken(isInOtherProcess ? other : app, claims)).toBe(200);
      release();
      const response = await login;
      expect(response.status).toBe(401);
      expect(app.events).toContainEqual(
        expect.objectContaining({ type: 'request.failed', route: 'callback', code: 'session_ended' }),
      );
      expect([...browser.cookies.keys()].filter((name) => name === '__Host-session')).toEqual([]);
      // The provider may have issued the tokens after its logout.
      expect(app.server.requestsTo('revocation')).toHaveLength(1);
      app.server.clock.advance(1);
      expect((await browser.logIn()).status).toBe(303);
      expect((await other.sessions.open(browser.header())).session?.user.sub).toBe('alice');
    },
  );

  test('a logout of another user or session during the token request does not prevent the session', async () => {
    const { app, other } = await start(kind);
    const browser = app.open();
    const release = app.server.hold('token');
    const login = browser.logIn();
    await expect.poll(() => app.server.requestsTo('token').length).toBe(1);
    expect(await postLogoutToken(other, { sub: 'bob', sid: undefined })).toBe(200);
    expect(await postLogoutToken(other, { sub: 'alice', sid: 'another' })).toBe(200);
    release();
    expect((await login).status).toBe(303);
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
  });

  test('a logout before the token request does not end the login', async () => {
    const { app, other } = await start(kind);
    app.server.clock.stop();
    expect(await postLogoutToken(other, { sub: 'alice', sid: undefined })).toBe(200);
    app.server.clock.advance(0.01);
    const browser = app.open();
    expect((await browser.logIn()).status).toBe(303);
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
    expect(app.server.requestsTo('revocation')).toHaveLength(0);
  });
});
