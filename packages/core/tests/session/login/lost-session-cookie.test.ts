// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { expect, test } from 'vitest';
import type { WebSessionOptions } from '../../../src/session/options.ts';
import { html } from '../../support/session/lost-logins.ts';
import { openPage } from '../../support/session/open-page.ts';
import {
  createSessionOptions,
  createWebApp,
  sessionKinds,
  type TestBrowser,
} from '../../support/web-browser.ts';

// A browser drops the session cookie and stores the others. Each page leads to the login, and the provider logs the user
// in without a prompt.

const dropSession = ({ cookies }: TestBrowser) => {
  for (const name of [...cookies.keys()]) if (/session(\.1)?$/.test(name)) cookies.delete(name);
};

const settings: readonly [string, Partial<WebSessionOptions>][] = [
  ['the default settings', {}],
  ['a domain', { cookie: { domain: 'example.test' } }],
  ['SameSite=Strict', { cookie: { sameSite: 'strict' } }],
  ['another name', { cookie: { name: 'shop_session' } }],
];

for (const kind of sessionKinds) {
  test.each(settings)(
    `S87, ${kind}: with %s, responds with an error page after two logins without a session cookie`,
    async (_, options) => {
      const app = await createWebApp({ ...createSessionOptions(kind), ...options });
      const browser = app.open();
      const { logins, response } = await openPage(app, browser, dropSession);
      expect(logins).toBe(2);
      expect(response?.status).toBe(400);
      const text = (await response?.text()) ?? '';
      expect(text).toContain('session_cookie_missing');
      expect(text).toContain('did not send the session cookie');
      expect(text).toContain('returnTo=%2Fdashboard');
      expect(app.events).toContainEqual(
        expect.objectContaining({ type: 'request.failed', route: 'login', code: 'session_cookie_missing' }),
      );
      // "Try again" after the user has allowed cookies.
      expect(await openPage(app, browser, () => {})).toEqual({ logins: 1 });
    },
  );
}

test('S87: responds with the error page if the browser does not send the second cookie of a large session', async () => {
  const app = await createWebApp();
  const name = '__Host-session';
  const { logins, response } = await openPage(app, app.open(), ({ cookies }) => {
    const value = cookies.get(name) ?? '';
    // The first of two chunks.
    cookies.set(name, `${value.slice(0, 9)}2${value.slice(10)}`);
  });
  expect(logins).toBe(2);
  expect(await response?.text()).toContain('session_cookie_missing');
});

test('a second login succeeds after one lost session cookie', async () => {
  const app = await createWebApp();
  let count = 0;
  const dropFirst = (browser: TestBrowser) => count++ === 0 && dropSession(browser);
  const browser = app.open();
  expect(await openPage(app, browser, dropFirst)).toEqual({ logins: 2 });
});

test.each(sessionKinds)(
  'S87, %s: a page that "cookie.path" does not cover leads to the error page after one login',
  async (kind) => {
    const app = await createWebApp({ ...createSessionOptions(kind), cookie: { path: '/auth' } });
    for (const path of ['/dashboard', '/', '/authors/1', '/AUTH/x']) {
      const browser = app.open();
      const logIn = (query = '') =>
        browser.visit(`/auth/login?returnTo=${encodeURIComponent(path)}${query}`, { headers: html });
      const started = await logIn();
      const { url } = await app.server.authorize(started.headers.get('location') ?? '');
      expect((await browser.visit(url.pathname + url.search, { headers: html })).status).toBe(303);
      // The browser sends the session cookie to the routes, and not to the page.
      expect((await (await browser.visit('/auth/session')).json()).session.user.sub).toBe('alice');
      const response = await logIn();
      expect(response.status, path).toBe(400);
      expect(await response.text()).toContain('session_cookie_missing');
      expect(app.events.at(-1)).toMatchObject({ type: 'request.failed', code: 'session_cookie_missing' });
      await expect(app.sessions.startLogin(browser.header(), { returnTo: path })).resolves.toBeDefined();
      expect((await browser.logIn()).status).toBe(303);
      await expect(app.sessions.startLogin(browser.header(), { returnTo: path })).rejects.toThrow(
        '"cookie.path" is "/auth"',
      );
      // A page that the path covers, and a login of another account.
      for (const query of [
        '/auth/login?returnTo=%2Fauth%2Fpage',
        `/auth/login?returnTo=${path}&prompt=login`,
      ])
        expect((await browser.visit(query, { headers: html })).status).toBe(303);
    }
  },
);

test('S87: "cookie.path" covers the routes, so that a logout receives the session cookie', async () => {
  for (const path of [
    '/app',
    '/auth/callback',
    '/Auth',
    '/authority',
    '/shop',
    'auth',
    '',
    '/a;b',
    '/auth ',
  ]) {
    await expect(createWebApp({ cookie: { path } }), path).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('"cookie.path"'),
    });
  }
  for (const path of ['/', '/auth', '/auth/', undefined]) {
    await expect(createWebApp({ cookie: { path } }), path).resolves.toBeDefined();
  }
  await expect(
    createWebApp({ baseUrl: 'https://app.example.test/shop', cookie: { path: '/shop' } }),
  ).resolves.toBeDefined();
});

test.each(sessionKinds)('S87, %s: planted session cookies do not prevent the error page', async (kind) => {
  const settings = [{}, { domain: 'example.test' }, { path: '/auth' }];
  const planted = [
    ['__Secure-session', 'planted'],
    ['__Secure-session', 'A'.repeat(42)],
    ['__Secure-session', 'A'.repeat(43)],
    ['__Secure-session', 'gengengn~1~planted'],
    ['session', 'A'.repeat(43)],
  ] as const;
  for (const cookie of settings) {
    for (const [name, value] of planted) {
      const app = await createWebApp({ ...createSessionOptions(kind), cookie });
      const replace = (browser: TestBrowser) => {
        dropSession(browser);
        browser.cookies.set(name, value);
      };
      const { logins, response } = await openPage(app, app.open(), replace, '/auth/page');
      expect(logins, `${name}=${value}`).toBe(2);
      expect(await response?.text()).toContain('session_cookie_missing');
    }
  }
});

test.each(sessionKinds)(
  'S87, %s: session cookies that only the page receives lead to the error page after two logins',
  async (kind) => {
    const app = await createWebApp({ ...createSessionOptions(kind), cookie: { domain: 'example.test' } });
    app.server.signIn('mallory');
    const attacker = app.open();
    await attacker.logIn();
    const session = attacker
      .header()
      .split('; ')
      .filter((pair) => /session(\.1)?=/.test(pair))
      .join('; ');
    const junk = Array.from({ length: 5 }, (_, index) => `__Secure-session=${String(index).repeat(43)}`);
    app.server.signIn('alice');
    for (const planted of [session, junk.join('; ')]) {
      const browser = app.open();
      await browser.logIn();
      // A cookie with a longer path precedes the others.
      const readPageCookies = () => `${planted}; ${browser.header()}`;
      const { logins, response } = await openPage(app, browser, () => {}, '/dashboard', readPageCookies);
      expect(logins).toBe(2);
      expect(response?.status).toBe(400);
      const text = (await response?.text()) ?? '';
      expect(text).toContain('session_cookie_missing');
      expect(app.events.at(-1)).toMatchObject({ type: 'request.failed', code: 'session_cookie_missing' });
      await expect(app.sessions.startLogin(browser.header(), { returnTo: '/other' })).resolves.toBeDefined();
      // The user deletes the planted cookie, and tries again.
      expect((await openPage(app, browser, () => {})).logins).toBe(0);
    }
  },
);
