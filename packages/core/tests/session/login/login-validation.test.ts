// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import { getPath, html, startLogin } from '../../support/session/start-login.ts';
import { createWebApp } from '../../support/web-browser.ts';

test('S10: rejects the response of another provider', async () => {
  const first = await createWebApp();
  const second = await createWebApp({}, { server: { issuer: 'https://other.example.test' } });
  const { browser, authorize } = await startLogin(first);
  const { url } = await authorize();
  const browserAtOtherApp = second.open(browser.cookies);
  const response = await browserAtOtherApp.visit(getPath(url), { headers: html });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('transaction_invalid: issuer');
  expect(second.server.requestsTo('token')).toHaveLength(0);
});

test('S12: rejects a login cookie as a session cookie', async () => {
  const app = await createWebApp();
  const { browser } = await startLogin(app);
  const [login = ''] = [...browser.cookies.values()];
  const requestSession = await app.sessions.open(`__Host-session=AAAAAAAA~1~${login}`);
  expect(requestSession.session).toBeUndefined();
});

test('consumes a login before validation, so that its response cannot be sent again', async () => {
  const app = await createWebApp();
  const { browser, authorize } = await startLogin(app);
  const copy = new Map(browser.cookies);
  const { url } = await authorize();
  const changedUrl = new URL(url);
  changedUrl.searchParams.set('iss', 'https://evil.example');
  const rejected = await browser.visit(getPath(changedUrl), { headers: html });
  expect(await rejected.text()).toContain('authorization_response_invalid: iss');
  expect([...browser.cookies.keys()]).toEqual(['__Host-session.started']);
  const copyOfBrowser = app.open(copy);
  const second = await copyOfBrowser.visit(getPath(url), { headers: html });
  expect(copyOfBrowser.cookies.has('__Host-session')).toBe(false);
  // The login starts again. The provider receives another state.
  const restarted = new URL(second.headers.get('location') ?? '');
  expect(restarted.pathname).toBe('/authorize');
  expect(restarted.searchParams.get('state')).not.toBe(url.searchParams.get('state'));
  expect(app.server.requestsTo('token')).toHaveLength(0);
});

test('redirects a signed-in user to returnTo after a repeated callback', async () => {
  const app = await createWebApp();
  const { browser, authorize } = await startLogin(app);
  const login = new Map(browser.cookies);
  const { url } = await authorize();
  await browser.visit(getPath(url));
  for (const [name, value] of login) browser.cookies.set(name, value);
  const repeatedResponse = await browser.visit(getPath(url), { headers: html });
  expect(repeatedResponse.headers.get('location')).toBe('/wanted');
  expect(app.server.requestsTo('token')).toHaveLength(1);
  const unknown = await browser.visit('/auth/callback?code=x&state=an-unknown-state-1234', {
    headers: html,
  });
  expect(unknown.headers.get('location')).toBe('/');
});

test('restarts an expired login only once', async () => {
  const app = await createWebApp();
  const { browser, authorize } = await startLogin(app);
  const { url } = await authorize();
  app.server.clock.advance(3_700);
  const restartResponse = await browser.visit(getPath(url), { headers: html });
  const second = await app.server.authorize(restartResponse.headers.get('location') ?? '');
  app.server.clock.advance(3_700);
  const errorPage = await browser.visit(getPath(second.url), { headers: html });
  expect(errorPage.status).toBe(400);
  expect(await errorPage.text()).toContain('This login cannot be completed');
});

test('S22: rejects an ID token whose auth_time is missing or older than max_age', async () => {
  const app = await createWebApp({ loginParameters: ['max_age'] });
  const fresh = await app.open().logIn('/auth/login?max_age=600');
  expect(fresh.status).toBe(303);
  for (const fault of ['id_token_auth_time_missing', 'id_token_auth_time_old'] as const) {
    const { browser, url, authorize } = await startLogin(app, '/auth/login?max_age=600');
    expect(url.searchParams.get('max_age')).toBe('600');
    app.server.faults.add(fault);
    const response = await browser.visit(getPath((await authorize()).url), { headers: html });
    app.server.faults.clear();
    expect(response.status, fault).toBe(400);
    expect(await response.text(), fault).toContain('id_token_invalid: auth_time');
    expect(browser.cookies.has('__Host-session'), fault).toBe(false);
  }
  // Without a requested max_age there is no check.
  app.server.faults.add('id_token_auth_time_missing');
  expect((await app.open().logIn()).status).toBe(303);
});

test('S22: rejects an ID token with another nonce', async () => {
  const app = await createWebApp();
  const { browser, authorize } = await startLogin(app);
  const { url } = await authorize();
  app.server.faults.add('id_token_nonce_invalid');
  const response = await browser.visit(getPath(url), { headers: html });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('id_token_invalid: nonce');
  expect(browser.cookies.has('__Host-session')).toBe(false);
});
