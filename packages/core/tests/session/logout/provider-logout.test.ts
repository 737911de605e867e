// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import type { TestClient } from '@countersign/testing';
import { expect, test } from 'vitest';
import { createDecrypt } from '../../../src/node/decrypt.ts';
import type { CookieSettings } from '../../../src/session/index.ts';
import { createEncryptionKey } from '../../support/client/encryption-key.ts';
import { baseUrl, createWebApp, type TestBrowser } from '../../support/web-browser.ts';

const html = { accept: 'text/html' };
const sameOrigin = { origin: baseUrl };

const logOut = (browser: TestBrowser, headers: Record<string, string> = {}) =>
  browser.visit('/auth/logout', { method: 'POST', headers: { ...sameOrigin, ...headers } });

/** A provider without `end_session_endpoint`. */
const createAppWithoutLogout = (options: Parameters<typeof createWebApp>[0] = {}) =>
  createWebApp(options, { server: { metadata: { end_session_endpoint: undefined } } });

test('sends a state to the provider, and removes it when the user returns', async () => {
  const app = await createWebApp({ postLogoutRedirectUris: [`${baseUrl}/bye?a=1`] });
  const browser = app.open();
  await browser.logIn();
  const url = new URL((await logOut(browser)).headers.get('location') ?? '');
  const state = url.searchParams.get('state') ?? '';
  expect(state).toMatch(/^[\w-]{43}$/);
  const response = await app.sessions.handle(
    new Request(`${baseUrl}/bye?a=1&state=${state}`, { headers: { cookie: browser.header() } }),
  );
  expect(response?.status).toBe(303);
  expect(response?.headers.get('location')).toBe('/bye?a=1');
  if (response) browser.take(response);
  expect(browser.cookies.size).toBe(0);
  expect(app.events).toContainEqual({ type: 'logout.returned', issuer: app.server.issuer, verified: true });
});

test('sends the decrypted ID token as hint, because the provider cannot decrypt it', async () => {
  const { privateKey, jwk } = await createEncryptionKey('ECDH-ES');
  const registration: TestClient = {
    clientId: 'web',
    clientSecret: 'web-secret',
    idTokenEncryptedResponseAlg: 'ECDH-ES',
    jwks: { keys: [jwk] },
  };
  const options = { client: { decrypt: createDecrypt(privateKey) }, server: { clients: [registration] } };
  const app = await createWebApp({}, options);
  const browser = app.open();
  await browser.logIn();
  const url = new URL((await logOut(browser)).headers.get('location') ?? '');
  expect(url.searchParams.get('id_token_hint')?.split('.')).toHaveLength(3);
  const { parameters } = await app.server.authorize(url);
  expect(parameters.get('state')).toBe(url.searchParams.get('state'));
});

test.each<CookieSettings>([
  { path: '/auth' },
  { path: '/auth', domain: 'example.test' },
  { domain: 'example.test' },
  { partitioned: true, sameSite: 'none' },
])('recognises the redirect to a page outside "cookie.path", with %j', async (cookie) => {
  const app = await createWebApp({ cookie, postLogoutRedirectUris: [`${baseUrl}/bye`] });
  const browser = app.open();
  await browser.logIn();
  const response = await logOut(browser);
  const state = new URL(response.headers.get('location') ?? '').searchParams.get('state');
  const line = response.headers.getSetCookie().find((each) => each.includes(`.logout=${state}`)) ?? '';
  // The browser sends it with each page of this host only.
  expect(line).toMatch(/^__Host-session\.logout=.*; Path=\/;/);
  const [pair = ''] = line.split(';');
  const visit = (header: string) =>
    app.sessions.handle(new Request(`${baseUrl}/bye?state=${state}`, { headers: { cookie: header } }));
  // The state of a logout before "cookie.partitioned" was changed.
  const previous = `__Host-session.logout=${'x'.repeat(43)}`;
  for (const header of [pair, `${previous}; ${pair}`, `${pair}; ${previous}`]) {
    const returned = await visit(header);
    expect([returned?.status, returned?.headers.get('location')]).toEqual([303, '/bye']);
    expect(returned?.headers.getSetCookie()[0]).toMatch(/^__Host-session\.logout=; Max-Age=0; Path=\/;/);
  }
  expect(await visit(previous)).toBeUndefined();
});

test.each([
  ['/bye', '/bye/'],
  ['/bye/', '/bye'],
  ['/tsch%C3%BCss', '/tsch%c3%bcss'],
])('recognises the redirect to %s at %s', async (registeredPath, path) => {
  const app = await createWebApp({ postLogoutRedirectUris: [baseUrl + registeredPath] });
  const browser = app.open();
  await browser.logIn();
  const state = new URL((await logOut(browser)).headers.get('location') ?? '').searchParams.get('state');
  const response = await browser.visit(`${path}?state=${state}`);
  expect([response.status, response.headers.get('location')]).toEqual([303, path]);
  expect(browser.cookies.size).toBe(0);
});

test('redirects to no other host if the path of the redirect begins with two slashes', async () => {
  const app = await createWebApp({ postLogoutRedirectUris: [`${baseUrl}/evil.example`] });
  const browser = app.open();
  await browser.logIn();
  const state = new URL((await logOut(browser)).headers.get('location') ?? '').searchParams.get('state');
  const response = await browser.visit(`${baseUrl}//evil.example?state=${state}`);
  expect(response.headers.get('location')).toBe('/evil.example');
});

test('ignores a redirect with the state of another logout', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  await logOut(browser);
  const visit = (path: string, cookie = browser.header()) =>
    app.sessions.handle(new Request(baseUrl + path, { headers: { cookie } }));
  const other = 'x'.repeat(43);
  expect(await visit(`/?state=${other}`)).toBeUndefined();
  expect(app.events.filter(({ type }) => type === 'logout.returned')).toEqual([
    { type: 'logout.returned', issuer: app.server.issuer, verified: false },
  ]);
  const state = browser.cookies.get('__Host-session.logout') ?? '';
  // Parameters of the application, other pages, and browsers without a logout.
  expect(await visit('/?state=open')).toBeUndefined();
  expect(await visit('/')).toBeUndefined();
  expect(await visit(`/other?state=${state}`)).toBeUndefined();
  expect(await visit(`/?state=${state}`, '')).toBeUndefined();
  expect(app.events.filter(({ type }) => type === 'logout.returned')).toHaveLength(1);
  expect((await visit(`/?state=${state}`))?.status).toBe(303);
});

test('sends no state if the user returns to another origin, where it cannot be checked', async () => {
  const app = await createWebApp({ postLogoutRedirectUris: ['https://www.example.test/bye'] });
  const browser = app.open();
  await browser.logIn();
  const url = new URL((await logOut(browser)).headers.get('location') ?? '');
  expect(url.searchParams.has('state')).toBe(false);
  expect(browser.cookies.size).toBe(0);
});

test('shows that the user is still signed in at a provider without a logout endpoint', async () => {
  const app = await createAppWithoutLogout();
  const browser = app.open();
  await browser.logIn();
  const response = await logOut(browser);
  expect(response.status).toBe(303);
  const page = await browser.visit(response.headers.get('location') ?? '', { headers: html });
  expect(page.status).toBe(200);
  const text = await page.text();
  expect(text).toContain('You are logged out here');
  expect(text).toContain(`You are still signed in at ${new URL(app.server.issuer).host}.`);
  expect(text).toContain(`href="${baseUrl}/">Continue</a>`);
  expect(browser.cookies.size).toBe(0);
});

test('shows that the user is still signed in at a provider that is unavailable', async () => {
  const app = await createWebApp();
  const browser = app.open();
  await browser.logIn();
  const appWithoutMetadata = await createWebApp({}, { at: app.server, client: { retries: 0 } });
  app.server.fail('discovery', { network: true, times: 9 });
  const copy = appWithoutMetadata.open(browser.cookies);
  const { location } = await (await logOut(copy, { 'sec-fetch-mode': 'cors' })).json();
  expect(location).toContain('/auth/logout?ended=application');
  expect((await app.sessions.open(browser.header())).session).toBeUndefined();
});

test('shows the logout confirmation to a signed-in user who opens the page after a logout', async () => {
  const app = await createAppWithoutLogout();
  const browser = app.open();
  await browser.logIn();
  const page = await browser.visit('/auth/logout?ended=application', { headers: html });
  expect(await page.text()).toContain('Log out?');
});

test('redirects to the page "loggedOut" of the application if the provider has no logout endpoint', async () => {
  const app = await createAppWithoutLogout({ pages: { loggedOut: '/bye' } });
  const browser = app.open();
  await browser.logIn();
  const { headers } = await logOut(browser);
  const page = await browser.visit(headers.get('location') ?? '', { headers: html });
  expect(page.headers.get('location')).toBe(`/bye?${new URLSearchParams({ returnTo: `${baseUrl}/` })}`);
});
