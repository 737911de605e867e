// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test, vi } from 'vitest';
import { generateDpopKeyPair } from '../../../src/index.ts';
import type { Fetch } from '../../../src/internal/fetch/bounded-fetch.ts';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import type { WebSessionOptions } from '../../../src/session/options.ts';
import { baseUrl, createWebApp, sessionKinds } from '../../support/web-browser.ts';

const page = { method: 'POST', headers: { origin: baseUrl, accept: 'text/html' } };
const script = { method: 'POST', headers: { origin: baseUrl, 'sec-fetch-mode': 'cors' } };

const fail = () => Promise.reject(new Error('unavailable'));

/** Starts two processes with shared stores that can fail. */
async function start(kind: (typeof sessionKinds)[number]) {
  const store = createMemorySessionStore();
  const tombstones = createMemoryTombstoneStore();
  const originalMethods = { store: { ...store }, tombstones: { ...tombstones } };
  const options: Partial<WebSessionOptions> = kind === 'stored' ? { store, tombstones } : { tombstones };
  const app = await createWebApp(options);
  const other = await createWebApp(options, { at: app.server });
  return {
    app,
    other,
    breakReads: () => {
      Object.assign(store, { get: fail });
      Object.assign(tombstones, { latest: fail });
    },
    breakWrites: () => {
      Object.assign(store, { set: fail, delete: fail, deleteWhere: fail });
      Object.assign(tombstones, { set: fail });
    },
    /** Fails or delays each end of a session. A login succeeds. */
    replaceEnds: (end: () => Promise<never>) => {
      Object.assign(store, { delete: end });
      Object.assign(tombstones, { set: end });
    },
    breakDeletes: () => void Object.assign(store, { delete: fail, deleteWhere: fail }),
    repair: () => {
      Object.assign(store, originalMethods.store);
      Object.assign(tombstones, originalMethods.tombstones);
    },
  };
}

describe.each(sessionKinds)('S80, %s: a logout while the store fails', (kind) => {
  test.each([
    ['writes', false],
    ['reads and writes', true],
  ])(
    'if %s fail, the logout is reported, completes at the provider, and ends the session later',
    async (_, isUnreadable) => {
      const { app, other, breakReads, breakWrites, repair } = await start(kind);
      const browser = app.open();
      await browser.logIn();
      const copy = browser.header();
      breakWrites();
      if (isUnreadable) breakReads();
      const response = await browser.visit('/auth/logout', page);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(response.headers.get('location')).toBeNull();
      const html = await response.text();
      expect(html).toContain('Logout is not complete');
      expect(html).toContain('store_unavailable');
      expect(html).toContain(`${app.server.issuer}/end-session?`);
      expect([...browser.cookies.keys()]).toEqual(['__Host-session.logout']);
      const { issuer } = app.server;
      for (const event of [
        { type: 'request.failed', route: 'logout', status: 503, code: 'store_unavailable' },
        { type: 'logout.incomplete', issuer, clientId: 'web', part: 'session', code: 'store_unavailable' },
      ])
        expect(app.events).toContainEqual(event);
      expect(app.events).not.toContainEqual(expect.objectContaining({ type: 'session.ended' }));
      // The refresh token of a stored session is unknown until the store can be read.
      const isKnown = kind === 'cookie' || !isUnreadable;
      expect(app.server.requestsTo('revocation')).toHaveLength(isKnown ? 1 : 0);
      repair();
      expect((await app.sessions.open(copy)).session).toBeUndefined();
      await vi.waitFor(async () => expect((await other.sessions.open(copy)).session).toBeUndefined(), {
        timeout: 10_000,
      });
      await vi.waitFor(() => expect(app.server.requestsTo('revocation')).toHaveLength(1), {
        timeout: 10_000,
      });
      expect(app.events).toContainEqual({ type: 'session.ended', issuer, reason: 'logout' });
    },
  );

  test('if writes fail, a script receives the address of the provider, with status 503', async () => {
    const { app, breakWrites } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    breakWrites();
    const response = await browser.visit('/auth/logout', script);
    expect(response.status).toBe(503);
    const body = await response.json();
    expect(body).toMatchObject({ error: 'store_unavailable', message: expect.any(String) });
    expect(body.location).toContain(`${app.server.issuer}/end-session?`);
    expect([...browser.cookies.keys()]).toEqual(['__Host-session.logout']);
  });

  test('if writes fail, no refresh of this process returns a new token', async () => {
    const { app, breakWrites } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const copy = browser.header();
    const otherSession = await app.sessions.open(copy);
    breakWrites();
    await browser.visit('/auth/logout', page);
    app.server.clock.advance(3_590);
    await expect(otherSession.getAccessToken()).rejects.toMatchObject({ name: 'LoginRequiredError' });
    expect(otherSession.cookies.every(({ maxAge }) => maxAge === 0)).toBe(true);
    expect(app.server.requestsTo('token')).toHaveLength(1);
  });

  test('if only reads fail, the session ends at once', async () => {
    const { app, other, breakReads, repair } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const copy = browser.header();
    breakReads();
    expect((await browser.visit('/auth/logout', page)).status).toBe(303);
    repair();
    for (const each of [app, other]) expect((await each.sessions.open(copy)).session).toBeUndefined();
  });
});

describe.each(sessionKinds)('S80, %s: a logout while another request ends the session', (kind) => {
  /** Logs a browser out in a process whose store never completes the end. The copy of the browser has the same cookies. */
  async function startPendingLogout() {
    const { app, other, replaceEnds, repair } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const copy = app.open(new Map(browser.cookies));
    const cookie = browser.header();
    const pending = vi.fn(() => new Promise<never>(() => {}));
    replaceEnds(pending);
    void browser.visit('/auth/logout', page);
    await vi.waitFor(() => expect(pending).toHaveBeenCalled());
    repair();
    return { app, other, cookie, copy };
  }

  test('does not wait for the other request, whose process may stop', async () => {
    const { app, other, cookie, copy } = await startPendingLogout();
    expect((await copy.visit('/auth/logout', page)).status).toBe(303);
    expect((await other.sessions.open(cookie)).session).toBeUndefined();
    expect(app.server.requestsTo('revocation')).toHaveLength(1);
  });

  test('does not prevent a new login, which ends the previous session', async () => {
    const { app, other, cookie, copy } = await startPendingLogout();
    app.server.signIn('bob');
    expect((await copy.logIn()).status).toBe(303);
    expect((await other.sessions.open(cookie)).session).toBeUndefined();
    expect((await other.sessions.open(copy.header())).session?.user.sub).toBe('bob');
  });

  test.each(['logout', 'login of another user'])(
    'is reported if its own write fails too (the other request: a %s)',
    async (first) => {
      const { app, other, replaceEnds, repair } = await start(kind);
      const browser = app.open();
      await browser.logIn();
      const copy = app.open(new Map(browser.cookies));
      const cookie = browser.header();
      replaceEnds(fail);
      app.server.signIn('bob');
      const response = await (first === 'logout' ? browser.visit('/auth/logout', page) : browser.logIn());
      expect(response.status).toBe(first === 'logout' ? 503 : 303);
      expect((await copy.visit('/auth/logout', page)).status).toBe(503);
      repair();
      await vi.waitFor(async () => expect((await other.sessions.open(cookie)).session).toBeUndefined(), {
        timeout: 10_000,
      });
    },
  );
});

test('reports a refresh token that could not be revoked', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const appWithoutListener = await createWebApp({}, { client: { onEvent: undefined, retries: 0 } as object });
  const browser = appWithoutListener.open();
  await browser.logIn();
  appWithoutListener.server.fail('revocation', { status: 503 });
  expect((await browser.visit('/auth/logout', page)).status).toBe(303);
  expect(log.mock.calls.flat()).toEqual([
    expect.stringMatching(/^countersign: logout: The refresh token of an ended session .*: server_error: /),
  ]);
  log.mockRestore();
  const app = await createWebApp({}, { at: appWithoutListener.server });
  const other = app.open();
  await other.logIn();
  appWithoutListener.server.fail('revocation', { network: true });
  await other.visit('/auth/logout', page);
  expect(app.events).toContainEqual(
    expect.objectContaining({ type: 'logout.incomplete', part: 'refresh_token', code: 'network_error' }),
  );
});

describe.each(sessionKinds)('%s: a new login that replaces a session', (kind) => {
  const options = () => (kind === 'stored' ? { store: createMemorySessionStore() } : {});

  test('S81: revokes the previous refresh token if the user is another one', async () => {
    const app = await createWebApp(options());
    const browser = app.open();
    await browser.logIn();
    await (await app.sessions.open(browser.header())).getAccessToken({ forceRefresh: true });
    app.server.signIn('bob');
    await browser.logIn();
    expect(app.server.requestsTo('revocation')).toHaveLength(1);
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'session.ended', reason: 'replaced' }));
    app.server.clock.advance(3_610);
    const requestSession = await app.sessions.open(browser.header());
    expect((await requestSession.getAccessToken()).accessToken).toBeTruthy();
  });

  test('does not revoke the previous refresh token if both logins may share a grant', async () => {
    const app = await createWebApp(options());
    const browser = app.open();
    await browser.logIn();
    await browser.logIn();
    expect(app.server.requestsTo('revocation')).toHaveLength(0);
  });

  test('S80: ends the previous session later if the store fails', async () => {
    const { app, other, breakWrites, breakDeletes, repair } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const copy = browser.header();
    app.server.signIn('bob');
    // A store that cannot write begins no session of the new login.
    if (kind === 'stored') breakDeletes();
    else breakWrites();
    expect((await browser.logIn()).status).toBe(303);
    expect((await app.sessions.open(copy)).session).toBeUndefined();
    expect(app.events).toContainEqual(
      expect.objectContaining({ type: 'logout.incomplete', part: 'session' }),
    );
    expect(app.events).not.toContainEqual(expect.objectContaining({ type: 'session.ended' }));
    repair();
    await vi.waitFor(async () => expect((await other.sessions.open(copy)).session).toBeUndefined(), {
      timeout: 10_000,
    });
  });
});

test('S81: revokes a DPoP-bound refresh token that arrives after the logout', async () => {
  const server = await createTestAuthorizationServer();
  const issuedTokens: string[] = [];
  let release = () => {};
  const barrier = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fetch: Fetch = async (url, init) => {
    const response = await server.fetch(url, init);
    if (!url.endsWith('/token') || !response.ok) return response;
    issuedTokens.push((await response.clone().json()).refresh_token);
    if (issuedTokens.length === 2) await barrier;
    return response;
  };
  const dpop = { keyPair: await generateDpopKeyPair() };
  const app = await createWebApp({}, { at: server, client: { fetch, dpop } });
  const browser = app.open();
  await browser.logIn();
  const requestSession = await app.sessions.open(browser.header());
  const refresh = requestSession.getAccessToken({ forceRefresh: true });
  await expect.poll(() => issuedTokens.length).toBe(2);
  await browser.visit('/auth/logout', page);
  release();
  await expect(refresh).rejects.toMatchObject({ code: 'session_ended' });
  expect(server.requestsTo('revocation').map(({ body }) => body.token)).toEqual(issuedTokens);
  expect(app.events).not.toContainEqual(expect.objectContaining({ type: 'logout.incomplete' }));
});
