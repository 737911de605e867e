// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import { isSignedIn, openTab, page, startLogin } from '../../support/session/pending-logins.ts';
import { createWebApp, sessionKinds, type WebApp } from '../../support/web-browser.ts';

// A logout with the cookie of a completed login, and without the session cookie, does not know the user.

const maxEntries = 20;

async function start(kind: (typeof sessionKinds)[number]): Promise<WebApp> {
  const { server } = await createWebApp();
  const limits = { maxEntries, maxEntriesPerUser: 5, now: server.clock.now };
  const tombstones = createMemoryTombstoneStore(limits);
  const store = createMemorySessionStore(limits);
  return createWebApp({ tombstones, ...(kind === 'stored' && { store }) }, { at: server });
}

/** Logs in, and logs out while the response of the callback is on its way. */
async function logOutEarly(app: WebApp) {
  const browser = app.open();
  const callback = await startLogin(app, browser);
  const tab = openTab(app, browser);
  expect((await browser.visit(callback)).status).toBe(303);
  const response = await tab.visit('/auth/logout', page);
  return { browser, status: response.status, text: await response.text() };
}

test.each(sessionKinds)('S36: logouts of one account end no session of another user (%s)', async (kind) => {
  const app = await start(kind);
  const { server } = app;
  server.signIn('alice');
  const alice = app.open();
  await alice.logIn();
  server.clock.advance(60);
  server.signIn('mallory');
  const earlyLogouts: Awaited<ReturnType<typeof logOutEarly>>[] = [];
  for (let count = 0; count < maxEntries + 3; count++) earlyLogouts.push(await logOutEarly(app));
  server.clock.advance(1);
  expect(await isSignedIn(app, alice)).toBe(true);
  server.signIn('bob');
  const bob = app.open();
  expect((await bob.logIn()).status).toBe(303);
  expect(await isSignedIn(app, bob)).toBe(true);
  // Each logout that was answered with success is final.
  for (const { browser, status } of earlyLogouts)
    if (status === 303) expect(await isSignedIn(app, browser)).toBe(false);
  expect(earlyLogouts.filter(({ status }) => status === 303).length).toBeGreaterThanOrEqual(maxEntries);
});

test('S36: beyond the limit, a logout without the session cookie fails, and its repetition with it succeeds', async () => {
  const app = await start('cookie');
  for (let count = 0; count < maxEntries; count++) expect((await logOutEarly(app)).status).toBe(303);
  const { browser, status, text } = await logOutEarly(app);
  expect(status).toBe(503);
  const retry = /name="retry" value="([^"]+)"/.exec(text)?.[1] ?? '';
  const copy = openTab(app, browser);
  const repeated = await browser.visit('/auth/logout', {
    ...page,
    headers: { ...page.headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ retry }).toString(),
  });
  expect(repeated.status).toBe(303);
  expect(await isSignedIn(app, copy)).toBe(false);
});
