// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createWebApp, type TestBrowser, type WebApp } from '../../support/web-browser.ts';

// A page requires a login although the user has a session: the provider rejects its refresh, or a step-up is needed. If
// a failed callback led to the page because of this session, the page would require the next login in a loop.

const html = { accept: 'text/html' };
const headers = { 'content-type': 'application/json' };

/** A browser with a session of an earlier login. */
async function setUp() {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  app.server.clock.advance(3_700);
  return { app, browser };
}

/** Returns the callback of a login. */
async function authorize(app: WebApp, browser: TestBrowser): Promise<string> {
  const loginResponse = await browser.visit('/auth/login?returnTo=/dashboard');
  const { url } = await app.server.authorize(loginResponse.headers.get('location') ?? '');
  return url.pathname + url.search;
}

function rejectCodes({ server }: WebApp, body: object = { error: 'invalid_grant' }): void {
  server.fail('token', { status: 400, body: JSON.stringify(body), headers, times: 9 });
}

test.each([{ error: 'invalid_grant' }, { error: 'invalid_grant', suberror: 'basic_action' }])(
  'restarts a login once after its code is rejected with %j, then responds with an error page, despite an older session',
  async (body) => {
    const { app, browser } = await setUp();
    rejectCodes(app, body);
    const requests = app.server.requestsTo('token').length;
    const restartResponse = await browser.visit(await authorize(app, browser), { headers: html });
    expect(restartResponse.status).toBe(303);
    const { url } = await app.server.authorize(restartResponse.headers.get('location') ?? '');
    const response = await browser.visit(url.pathname + url.search, { headers: html });
    expect(response.status).toBe(502);
    const page = await response.text();
    expect(page).toContain('token_error: invalid_grant');
    expect(page).toContain('href="/auth/login?returnTo=%2Fdashboard"');
    expect(app.server.requestsTo('token')).toHaveLength(requests + 2);
    // The user stays signed in.
    expect((await app.sessions.open(browser.header())).session).toBeDefined();
  },
);

test('restarts a lost login once, despite an older session', async () => {
  const { app, browser } = await setUp();
  const dropLogin = () => {
    for (const name of browser.cookies.keys()) if (name.includes('.login.')) browser.cookies.delete(name);
  };
  const callback = await authorize(app, browser);
  dropLogin();
  const restartResponse = await browser.visit(callback, { headers: html });
  const { url } = await app.server.authorize(restartResponse.headers.get('location') ?? '');
  dropLogin();
  const errorPage = await browser.visit(url.pathname + url.search, { headers: html });
  expect(errorPage.status).toBe(400);
  expect(await errorPage.text()).toContain('transaction_invalid: state');
});

test('responds with an error page to a response without state', async () => {
  const { app, browser } = await setUp();
  const { pathname, searchParams } = new URL(await authorize(app, browser), app.sessions.origin);
  searchParams.delete('state');
  const response = await browser.visit(`${pathname}?${searchParams}`, { headers: html });
  expect(response.status).toBe(400);
});

test('redirects a repeated callback of a completed login to its page', async () => {
  const { app, browser } = await setUp();
  const callback = await authorize(app, browser);
  const cookiesBefore = new Map(browser.cookies);
  expect((await browser.visit(callback)).headers.get('location')).toBe('/dashboard');
  app.server.clock.advance(100);
  expect((await browser.visit(callback, { headers: html })).headers.get('location')).toBe('/dashboard');
  // The cookie of the login is still in the browser, and the provider rejects the code because it was used.
  const copy = await createWebApp({}, { at: app.server });
  for (const [name, value] of cookiesBefore) if (name.includes('.login.')) browser.cookies.set(name, value);
  const repeated = await copy.open(browser.cookies).visit(callback, { headers: html });
  expect(repeated.headers.get('location')).toBe('/dashboard');
  expect(copy.events).toContainEqual(
    expect.objectContaining({ type: 'login.recovered', code: 'token_error', by: 'session' }),
  );
});

test('redirects a failed login to its page if another tab has logged in since its start', async () => {
  const { app, browser } = await setUp();
  const callback = await authorize(app, browser);
  app.server.clock.advance(5);
  await browser.logIn();
  rejectCodes(app);
  expect((await browser.visit(callback, { headers: html })).headers.get('location')).toBe('/dashboard');
});

test('redirects a signed-in user from an old callback URL to the start page', async () => {
  const { app, browser } = await setUp();
  const callback = await authorize(app, browser);
  await browser.visit(callback);
  app.server.clock.advance(80_000);
  await browser.logIn();
  app.server.clock.advance(10_000);
  expect((await browser.visit(callback, { headers: html })).headers.get('location')).toBe('/');
});
