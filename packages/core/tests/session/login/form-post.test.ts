// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createMemoryReplayStore, createMemorySessionStore } from '../../../src/session/index.ts';
import { createWebApp, type TestBrowser } from '../../support/web-browser.ts';

// A form_post response is sent from another site. Browsers do not send Lax cookies with it.

async function start() {
  const app = await createWebApp({}, { client: { responseMode: 'form_post' } });
  const browser = app.open();
  /** Posts a response as a browser does: with SameSite=None cookies only. */
  const post = async (parameters: URLSearchParams) => {
    const sentCookies = new Map([...browser.cookies].filter(([name]) => isCrossSite(browser, name)));
    const response = await app.open(sentCookies).visit('/auth/callback', {
      method: 'POST',
      headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
      body: parameters.toString(),
    });
    browser.take(response);
    return response;
  };
  const login = async (path = '/auth/login?returnTo=/wanted') => {
    const loginResponse = await browser.visit(path);
    return (await app.server.authorize(loginResponse.headers.get('location') ?? '')).parameters;
  };
  const follow = (response: Response) =>
    browser.visit(response.headers.get('location') ?? '', { headers: { accept: 'text/html' } });
  return { app, browser, post, login, follow };
}

const isCrossSite = (browser: TestBrowser, name: string) =>
  browser.receivedCookies.findLast((line) => line.startsWith(`${name}=`))?.includes('SameSite=None') === true;

test('redirects a signed-in user to returnTo if the authorization response is repeated', async () => {
  const { app, browser, post, login, follow } = await start();
  const parameters = await login();
  const previousCookies = new Map(browser.cookies);
  expect((await post(parameters)).headers.get('location')).toBe('/wanted');
  const repeatedResponse = await post(parameters);
  expect(repeatedResponse.headers.get('location')).toMatch(/^\/auth\/callback\?state=[\w.-]+$/);
  expect((await follow(repeatedResponse)).headers.get('location')).toBe('/wanted');
  // The browser has not received the first response yet.
  for (const [name, value] of previousCookies) browser.cookies.set(name, value);
  expect((await follow(await post(parameters))).headers.get('location')).toBe('/wanted');
  expect(app.server.requestsTo('token')).toHaveLength(1);
});

test('restarts a login once after its code is rejected', async () => {
  const { app, browser, post, login, follow } = await start();
  const headers = { 'content-type': 'application/json' };
  app.server.fail('token', { status: 400, body: '{"error":"invalid_grant"}', headers, times: 2 });
  const restartResponse = await follow(await post(await login()));
  const { parameters } = await app.server.authorize(restartResponse.headers.get('location') ?? '');
  const errorPage = await follow(await post(parameters));
  expect(errorPage.status).toBe(400);
  expect(await errorPage.text()).toContain('This login cannot be completed');
  expect(browser.cookies.has('__Host-session')).toBe(false);
});

test('rejects an unsolicited response, and copies only a part of its state into the redirect', async () => {
  const { post, follow } = await start();
  const state = 'x'.repeat(5_000);
  const response = await post(new URLSearchParams({ code: 'stolen', state }));
  expect(response.headers.get('location')?.length).toBeLessThan(250);
  expect(response.headers.get('location')).not.toContain('stolen');
  expect((await follow(response)).status).toBe(400);
});

test.each([
  ['an expired code', 'code'],
  ['an error that arrives twice', 'error'],
])('restarts a login after %s, if the following navigation reaches another process', async (_, kind) => {
  const client = { responseMode: 'form_post' } as const;
  const options = { replay: createMemoryReplayStore(), store: createMemorySessionStore() };
  const app = await createWebApp(options, { client });
  const other = await createWebApp(options, { client, at: app.server });
  const browser = app.open();
  const loginResponse = await browser.visit('/auth/login?returnTo=/wanted');
  const { parameters } = await app.server.authorize(loginResponse.headers.get('location') ?? '');
  if (kind === 'error') {
    parameters.delete('code');
    parameters.set('error', 'server_error');
  }
  const headers = { accept: 'text/html' };
  const post = () =>
    app.open(new Map(browser.cookies)).visit('/auth/callback', { method: 'POST', headers, body: parameters });
  if (kind === 'error') await post();
  else app.server.clock.advance(700);
  const response = await post();
  expect(response.status).toBe(303);
  const next = await other.open(browser.cookies).visit(response.headers.get('location') ?? '', { headers });
  expect(next.status).toBe(303);
  expect(next.headers.get('location')).toContain('/authorize?');
});
