// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import {
  createMemorySessionStore,
  serializeCookie,
  type WebSessionOptions,
} from '../../../src/session/index.ts';
import {
  baseUrl,
  createSessionOptions,
  createWebApp,
  sessionKinds,
  type TestBrowser,
  type WebApp,
} from '../../support/web-browser.ts';

// A cookie can expire by the idle lifetime, or by the current options, while another copy of its session is still valid.

const hour = 3_600;
const day = 24 * hour;

const ends = {
  'a logout': (browser: TestBrowser) =>
    browser.visit('/auth/logout', { method: 'POST', headers: { origin: baseUrl } }),
  'a login of another user': (browser: TestBrowser, { server }: WebApp) => {
    server.signIn('bob');
    return browser.logIn();
  },
} as const;
const endings = Object.keys(ends) as (keyof typeof ends)[];

/** Uses a session each 6 hours, for longer than the idle lifetime. */
async function useFor30Hours(app: WebApp, browser: TestBrowser): Promise<void> {
  for (let uses = 0; uses < 5; uses++) {
    app.server.clock.advance(6 * hour);
    const session = await app.sessions.open(browser.header());
    await session.touch({ force: true });
    const headers = new Headers();
    for (const cookie of session.cookies) headers.append('set-cookie', serializeCookie(cookie));
    browser.take(new Response(null, { headers }));
  }
}

async function deploy(kind: (typeof sessionKinds)[number]) {
  const { server } = await createWebApp();
  const { now } = server.clock;
  const store = createMemorySessionStore({ now });
  const tombstones = createMemoryTombstoneStore({ now });
  const start = (options: Partial<WebSessionOptions>) =>
    createWebApp({ ...(kind === 'stored' ? { store } : { tombstones }), ...options }, { at: server });
  return { server, start };
}

describe.each(endings)('S89: %s ends a session whose cookie in this browser has expired', (ending) => {
  test.each(['cookie', 'stored'] as const)('a copy was used elsewhere (%s)', async (kind) => {
    const app = await createWebApp(createSessionOptions(kind));
    const browser = app.open();
    await browser.logIn();
    const copy = app.open(new Map(browser.cookies));
    await useFor30Hours(app, copy);
    const isSignedIn = (await app.sessions.open(browser.header())).session !== undefined;
    // The store has one state for all copies.
    expect(isSignedIn).toBe(kind === 'stored');

    expect((await ends[ending](browser, app)).status).toBe(303);

    const later = await app.sessions.open(copy.header());
    await expect(later.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:not_signed_in|session_ended)$/),
    });
    expect((await app.sessions.open(copy.header())).session).toBeUndefined();
    const reason = ending === 'a logout' ? 'logout' : 'replaced';
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'session.ended', reason }));
    expect(app.server.requestsTo('revocation')).toHaveLength(1);
  });

  test.each(
    sessionKinds.flatMap((kind) =>
      (['idleLifetime', 'absoluteLifetime'] as const).map((name) => [kind, name] as const),
    ),
  )('a %s session has expired by a shorter %s, which is extended again', async (kind, name) => {
    const deployment = await deploy(kind);
    const lifetimes = { idleLifetime: day, absoluteLifetime: 7 * day };
    const browser = (await deployment.start(lifetimes)).open();
    await browser.logIn();
    const copy = browser.header();
    deployment.server.clock.advance(2 * hour);
    const short = await deployment.start({ ...lifetimes, [name]: hour });
    expect((await short.sessions.open(copy)).session).toBeUndefined();

    expect((await ends[ending](short.open(browser.cookies), short)).status).toBe(303);

    const later = await deployment.start(lifetimes);
    expect((await later.sessions.open(copy)).session).toBeUndefined();
  });
});
