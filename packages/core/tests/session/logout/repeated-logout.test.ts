// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { describe, expect, test } from 'vitest';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import type { PageContext } from '../../../src/session/index.ts';
import type { WebSessionOptions } from '../../../src/session/options.ts';
import { baseUrl, createWebApp, sessionKinds, type TestBrowser } from '../../support/web-browser.ts';

// A logout deletes the cookie even if it could not end the session. The page of the response has a form that repeats it.

const headers = { origin: baseUrl, accept: 'text/html' };
const unavailable = () => Promise.reject(new Error('unavailable'));

async function start(kind: (typeof sessionKinds)[number], more: Partial<WebSessionOptions> = {}) {
  const stores = { store: createMemorySessionStore(), tombstones: createMemoryTombstoneStore() };
  const originalMethods = { store: { ...stores.store }, tombstones: { ...stores.tombstones } };
  const options = {
    tombstones: stores.tombstones,
    ...(kind === 'stored' && { store: stores.store }),
    ...more,
  };
  const app = await createWebApp(options);
  return {
    app,
    other: await createWebApp(options, { at: app.server }),
    breakStores() {
      Object.assign(stores.store, { get: unavailable, set: unavailable, delete: unavailable });
      Object.assign(stores.tombstones, { latest: unavailable, set: unavailable });
    },
    repair() {
      Object.assign(stores.store, originalMethods.store);
      Object.assign(stores.tombstones, originalMethods.tombstones);
    },
  };
}

const logOut = (browser: TestBrowser, fields: Record<string, string> = {}) =>
  browser.visit('/auth/logout', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });

/** Reads the form of the page. */
async function readForm(response: Response) {
  const html = await response.text();
  const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(html) ?? [];
  const fields = [...html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
  return {
    html,
    action,
    fields: Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value])),
  };
}

describe.each(sessionKinds)('S80, %s: a repeated logout', (kind) => {
  test('ends the session in another process when the store is available again', async () => {
    const { app, other, breakStores, repair } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const copy = browser.header();
    breakStores();
    const failedResponse = await logOut(browser);
    expect(failedResponse.status).toBe(503);
    expect(browser.cookies.has('__Host-session')).toBe(false);
    const form = await readForm(failedResponse);
    expect(form.action).toBe('/auth/logout');
    expect(form.html).toContain('>Try again</button>');
    expect(form.html).not.toContain(copy.split('=')[1]?.slice(0, 40));
    // The store is still unavailable: each process responds with the same page.
    const repeatedResponse = await logOut(other.open(new Map(browser.cookies)), form.fields);
    expect(repeatedResponse.status).toBe(503);
    const { fields } = await readForm(repeatedResponse);
    repair();
    const browserOfOther = other.open(new Map(browser.cookies));
    const response = await logOut(browserOfOther, fields);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toContain('/end-session');
    expect((await other.sessions.open(copy)).session).toBeUndefined();
    await expect.poll(() => app.server.requestsTo('revocation').length).toBeGreaterThan(0);
    // The repeated logout does not affect a later login.
    app.server.clock.advance(1);
    await browser.logIn();
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
  });

  test.each([
    ['no text', ''],
    ['another text', 'a.b.c.d.e'],
  ])('logs the user out if the form has %s instead of the encrypted value', async (_, retry) => {
    const { app } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    const response = await logOut(browser, { retry });
    expect(response.status).toBe(303);
    expect((await app.sessions.open(browser.header())).session).toBeUndefined();
  });

  test('ends no session if the value is expired, or the form is sent from another site', async () => {
    const { app, other, breakStores, repair } = await start(kind);
    const browser = app.open();
    await browser.logIn();
    breakStores();
    const { fields } = await readForm(await logOut(browser));
    repair();
    const crossSiteResponse = await browser.visit('/auth/logout', {
      method: 'POST',
      headers: {
        ...headers,
        origin: 'https://evil.example',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(fields).toString(),
    });
    expect(crossSiteResponse.status).toBe(403);
    app.server.clock.advance(86_401);
    const lateResponse = await logOut(other.open(), fields);
    expect(lateResponse.headers.get('location')).toBe(`${baseUrl}/`);
  });

  test('receives the encrypted value in a page of the application, and in a script', async () => {
    let context: PageContext | undefined;
    const { app, breakStores } = await start(kind, {
      pages: {
        error: (page) => {
          context = page;
          return new Response('own page', { status: page.status });
        },
      },
    });
    const browser = app.open();
    await browser.logIn();
    const copy = new Map(browser.cookies);
    breakStores();
    await logOut(browser);
    expect(context?.logoutFields?.retry).toMatch(/^[\w-]+\./);
    const script = await app.open(copy).visit('/auth/logout', {
      method: 'POST',
      headers: { origin: baseUrl, 'sec-fetch-mode': 'cors' },
    });
    const body = await script.json();
    expect(body).toMatchObject({ error: 'store_unavailable', retry: expect.any(String) });
  });
});
