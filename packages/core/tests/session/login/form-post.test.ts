// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { createWebApp, type TestBrowser } from '../../support/web-browser.ts';

// A form_post response is sent from another site. Browsers do not send Lax cookies with it.

async function start() {
  const app = await createWebApp({}, { client: { responseMode: 'form_post' } });
  const browser = app.open();
  /** Posts a response as a browser does: with SameSite=None cookies only. */
  const post = async (parameters: URLSearchParams) => {
    const sent = new Map([...browser.cookies].filter(([name]) => isCrossSite(browser, name)));
    const response = await app.open(sent).visit('/auth/callback', {
      method: 'POST',
      headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
      body: parameters.toString(),
    });
    browser.take(response);
    return response;
  };
  const login = async (path = '/auth/login?returnTo=/wanted') => {
    const started = await browser.visit(path);
    return (await app.server.authorize(started.headers.get('location') ?? '')).parameters;
  };
  const follow = (response: Response) =>
    browser.visit(response.headers.get('location') ?? '', { headers: { accept: 'text/html' } });
  return { app, browser, post, login, follow };
}

const isCrossSite = (browser: TestBrowser, name: string) =>
  browser.receivedCookies.findLast((line) => line.startsWith(`${name}=`))?.includes('SameSite=None') === true;

test('redirects a signed-in user to returnTo if the response is posted again', async () => {
  const { app, browser, post, login, follow } = await start();
  const parameters = await login();
  const previousCookies = new Map(browser.cookies);
  expect((await post(parameters)).headers.get('location')).toBe('/wanted');
  const unknown = await post(parameters);
  expect(unknown.headers.get('location')).toMatch(/^\/auth\/callback\?state=[\w.-]+$/);
  expect((await follow(unknown)).headers.get('location')).toBe('/wanted');
  // The browser has not received the first response yet.
  for (const [name, value] of previousCookies) browser.cookies.set(name, value);
  expect((await follow(await post(parameters))).headers.get('location')).toBe('/wanted');
  expect(app.server.requestsTo('token')).toHaveLength(1);
});

test('restarts a login with a rejected code once, and never in a loop', async () => {
  const { app, browser, post, login, follow } = await start();
  const headers = { 'content-type': 'application/json' };
  app.server.fail('token', { status: 400, body: '{"error":"invalid_grant"}', headers, times: 2 });
  const retried = await follow(await post(await login()));
  const { parameters } = await app.server.authorize(retried.headers.get('location') ?? '');
  const stopped = await follow(await post(parameters));
  expect(stopped.status).toBe(400);
  expect(await stopped.text()).toContain('This login cannot be completed');
  expect(browser.cookies.has('__Host-session')).toBe(false);
});

test('rejects an unsolicited response, and repeats only a part of its state', async () => {
  const { post, follow } = await start();
  const state = 'x'.repeat(5_000);
  const response = await post(new URLSearchParams({ code: 'stolen', state }));
  expect(response.headers.get('location')?.length).toBeLessThan(250);
  expect(response.headers.get('location')).not.toContain('stolen');
  expect((await follow(response)).status).toBe(400);
});
