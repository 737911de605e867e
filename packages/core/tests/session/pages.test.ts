// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import { TransportError } from '../../src/index.ts';
import type { OwnPage, OwnPages, PageContext, PageMessages } from '../../src/session/index.ts';
import { baseUrl, createWebApp, type WebApp } from '../support/web-browser.ts';

const html = { accept: 'text/html' };
const markup = '"><script>alert(1)</script>';

afterEach(() => {
  vi.restoreAllMocks();
});

/** The callback of a login that the provider has denied. */
async function denyLogin(
  app: WebApp,
  returnTo = '/wanted',
  headers: HeadersInit = html,
  error = 'access_denied',
) {
  const browser = app.open();
  const login = await browser.visit(`/auth/login?${new URLSearchParams({ returnTo })}`);
  const state = new URL(login.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const query = new URLSearchParams({ state, iss: app.server.issuer, error, error_description: markup });
  return { browser, response: await browser.visit(`/auth/callback?${query}`, { headers }) };
}

const expireLogin = (app: WebApp, headers: HeadersInit = html) =>
  app.open().visit(`/auth/callback?code=x&state=${'y'.repeat(43)}`, { headers });

test('redirects to the pages of the application, with code, reason and returnTo', async () => {
  const app = await createWebApp({ pages: { error: '/login-error?from=auth', denied: '/denied' } });
  const { browser, response } = await denyLogin(app, '/wanted?a=1&b="');
  expect(response.status).toBe(303);
  const query = new URLSearchParams({
    code: 'authorization_error',
    reason: 'access_denied',
    returnTo: '/wanted?a=1&b=%22',
  });
  expect(response.headers.get('location')).toBe(`/denied?${query}`);
  expect([...browser.cookies.keys()]).toEqual(['__Host-session.started']);
  const expired = await expireLogin(app);
  expect(expired.headers.get('location')).toBe(
    '/login-error?from=auth&code=transaction_invalid&reason=state&returnTo=%2F',
  );
});

test('shows the page for errors for a denied login, if there is no page for denied logins', async () => {
  const app = await createWebApp({ pages: { error: '/login-error' } });
  expect((await denyLogin(app)).response.headers.get('location')).toMatch(
    /^\/login-error\?code=authorization_error&/,
  );
});

test('responds with JSON to a request that does not accept HTML', async () => {
  const page = vi.fn(() => new Response('page'));
  for (const pages of [{ error: '/login-error' }, { error: page }]) {
    const app = await createWebApp({ pages });
    const { response } = await denyLogin(app, '/', { accept: 'application/json' });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: 'authorization_error' });
  }
  expect(page).not.toHaveBeenCalled();
});

test('responds with the response of a function, and adds cookies and headers against caches', async () => {
  const contexts: PageContext[] = [];
  const error = async (context: PageContext) => {
    contexts.push(context);
    const headers = { 'cache-control': 'public, max-age=60', 'x-own': '1', 'set-cookie': 'own=1' };
    return new Response(`<h1>${context.code}</h1>`, { status: 418, headers });
  };
  const app = await createWebApp({ pages: { error }, baseUrl: `${baseUrl}/shop` });
  const browser = app.open();
  const login = await browser.visit('/shop/auth/login?returnTo=/shop/cart');
  const state = new URL(login.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const query = new URLSearchParams({ state, iss: app.server.issuer, error: 'access_denied' });
  const response = await browser.visit(`/shop/auth/callback?${query}`, { headers: html });
  expect([response.status, await response.text()]).toEqual([418, '<h1>authorization_error</h1>']);
  expect(response.headers.get('cache-control')).toBe('private, no-store');
  expect(response.headers.get('x-own')).toBe('1');
  expect(response.headers.getSetCookie()).toEqual([
    'own=1',
    expect.stringMatching(/^__(Host|Secure)-session\.login\..*Max-Age=0/),
  ]);
  const { request, ...context } = contexts[0] as PageContext;
  expect(request.headers.get('accept')).toBe('text/html');
  expect(context).toEqual({
    page: 'denied',
    status: 403,
    code: 'authorization_error',
    reason: 'access_denied',
    title: 'Not logged in',
    text: expect.stringContaining('cancelled'),
    returnTo: '/shop/cart',
    loginUrl: '/shop/auth/login?returnTo=%2Fshop%2Fcart',
    logoutUrl: '/shop/auth/logout',
    homeUrl: '/shop/',
  });
});

test.each<[string, OwnPages['error']]>([
  [
    'throws',
    () => {
      throw new Error('a secret of the application');
    },
  ],
  ['rejects', () => Promise.reject(new TypeError('x'))],
  ['returns nothing', (() => undefined) as never],
  ['returns a network error', () => Response.error()],
  [
    'returns a used response',
    async () => {
      const response = new Response('x');
      await response.text();
      return response;
    },
  ],
])('shows the built-in page if the function of the application %s', async (_, error) => {
  const write = vi.spyOn(console, 'error').mockImplementation(() => {});
  const app = await createWebApp({ pages: { error: error as OwnPage } });
  const { response, browser } = await denyLogin(app);
  expect(response.status).toBe(403);
  expect(await response.text()).toContain('Not logged in');
  expect([...browser.cookies.keys()]).toEqual(['__Host-session.started']);
  expect(write.mock.calls.join()).toContain('the function for the page "denied" failed');
  expect(write.mock.calls.join()).not.toContain('a secret');
});

test('shows the built-in page if the login of the error page itself fails', async () => {
  const app = await createWebApp({ pages: { error: '/login-error' } });
  const { response } = await denyLogin(app, '/login-error?code=x');
  expect(response.status).toBe(403);
  expect(await response.text()).toContain('Not logged in');
});

test.each([
  '/login-error/',
  '/%6Cogin-error',
  '/%6cogin%2Derror/?x=1',
  '/LOGIN-ERROR',
  '/Login-Error//',
  '/login-error%2F',
  '/./x/../login-error#a',
  '/login-error/?code=token_error&returnTo=%2F',
])('shows the built-in page if the error page itself is wanted as %s', async (returnTo) => {
  for (const path of ['/login-error', '/login-error/', '/Login%2DError']) {
    const app = await createWebApp({ pages: { error: path } });
    expect((await denyLogin(app, returnTo)).response.status, path).toBe(403);
  }
});

test('redirects to the error page if another page is wanted', async () => {
  const app = await createWebApp({ pages: { error: '/login-error' } });
  for (const returnTo of ['/login-errors', '/login-error/x', '/x/login-error', '/', '/x?/login-error'])
    expect((await denyLogin(app, returnTo)).response.status, returnTo).toBe(303);
});

test('shows the built-in page if two pages for errors need a session', async () => {
  const app = await createWebApp({ pages: { error: '/login-error', denied: '/denied' } });
  expect((await denyLogin(app, '/login-error/?code=x')).response.status).toBe(403);
});

test.each([
  '//evil.example/a',
  '/\\evil.example/a',
  '//',
  '/\t/evil.example',
  'https://evil.example',
  '/.//evil.example',
])('S2: an error of a request for %j leads to no other site', async (path) => {
  const error = new TransportError('store_unavailable', 'The store is unavailable.');
  const options = { route: 'proxy', returnTo: path, retry: path };
  const contexts: PageContext[] = [];
  const page = (context: PageContext) => {
    contexts.push(context);
    return new Response('x');
  };
  const respond = async (pages: OwnPages) =>
    (await createWebApp({ pages, afterLogin: '/start' })).sessions.respondToError(
      new Request(`${baseUrl}/x`, { headers: html }),
      error,
      options,
    );
  const text = await (await respond({})).text();
  expect([...text.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
    '/auth/login?returnTo=%2Fstart',
    '/',
  ]);
  expect((await respond({ error: '/sorry' })).headers.get('location')).toBe(
    '/sorry?code=store_unavailable&returnTo=%2Fstart',
  );
  await respond({ error: page });
  expect(contexts).toMatchObject([{ returnTo: '/start', loginUrl: '/auth/login?returnTo=%2Fstart' }]);
});

test('"Try again" leads to the page of the request, also with a long query', async () => {
  const path = `/items?query=${'x'.repeat(5_000)}`;
  const app = await createWebApp();
  const response = await app.sessions.respondToError(
    new Request(`${baseUrl}/x`, { headers: html }),
    new TransportError('store_unavailable', 'The store is unavailable.'),
    { route: 'proxy', returnTo: path, retry: path },
  );
  expect(await response.text()).toContain(`href="${path}"`);
});

test.each([
  'https://evil.example/',
  '//evil.example',
  'login-error',
  '/\\evil',
  '',
  '/auth/login',
  '/auth/error',
])('rejects the page %j when the sessions are created', async (page) => {
  await expect(createWebApp({ pages: { error: page } })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining('"pages.error"'),
  });
});

test('asks before a logout on the page of the application', async () => {
  const uris = [`${baseUrl}/`, `${baseUrl}/bye`];
  const app = await createWebApp({ pages: { logout: '/leave' }, postLogoutRedirectUris: uris });
  const asked = await app.open().visit('/auth/logout?returnTo=/bye', { headers: html });
  expect(asked.headers.get('location')).toBe(`/leave?${new URLSearchParams({ returnTo: `${baseUrl}/bye` })}`);
  const foreign = await app.open().visit('/auth/logout?returnTo=https://evil.example', { headers: html });
  expect(foreign.headers.get('location')).toBe(`/leave?${new URLSearchParams({ returnTo: `${baseUrl}/` })}`);
});

test('S1: writes no markup of a request, of the provider or of the messages into a page', async () => {
  const hostile: PageMessages = {
    language: markup,
    direction: markup as 'ltr',
    pages: { denied: { title: markup, text: markup }, logoutQuestion: { title: markup, text: markup } },
    labels: { tryAgain: markup, back: markup, logOut: markup, stay: markup },
  };
  for (const messages of [{}, () => hostile, { de: hostile }]) {
    const app = await createWebApp({ messages });
    const headers = { ...html, 'accept-language': 'de' };
    const texts = [
      await (await denyLogin(app, `/${markup}`, headers)).response.text(),
      await (await denyLogin(app, `/wanted`, headers, markup)).response.text(),
      await (
        await app.open().visit(`/auth/logout?returnTo=${encodeURIComponent(markup)}`, { headers })
      ).text(),
      await (
        await app
          .open()
          .visit(`/auth/logout?ended=application&returnTo=${encodeURIComponent(markup)}`, { headers })
      ).text(),
    ];
    for (const text of texts) {
      expect(text).not.toContain('<script');
      expect(text.match(/<h1>/g)).toHaveLength(1);
    }
  }
});

const german: PageMessages = {
  pages: { denied: { title: 'Nicht angemeldet', text: 'Die Anmeldung wurde abgebrochen.' } },
  labels: { tryAgain: 'Erneut versuchen' },
};
const arabic: PageMessages = { direction: 'rtl', pages: { denied: { title: 'ar', text: 'ar' } } };

test.each([
  ['de', 'de', 'Nicht angemeldet'],
  ['de-AT', 'de', 'Nicht angemeldet'],
  ['fr, DE;q=0.5, en;q=0.3', 'de', 'Nicht angemeldet'],
  ['de;q=0.1, ar-EG;q=0.9', 'ar-EG', 'ar'],
  ['ar', 'ar-EG', 'ar'],
  ['en-US, de;q=0.9', 'en', 'Not logged in'],
  ['fr', 'en', 'Not logged in'],
  ['de;q=0', 'en', 'Not logged in'],
  ['*', 'en', 'Not logged in'],
  ['constructor, __proto__, toString', 'en', 'Not logged in'],
  [',;q=,;;q=x,-,--', 'en', 'Not logged in'],
  [`${'xx,'.repeat(5_000)}de`, 'en', 'Not logged in'],
  ['', 'en', 'Not logged in'],
])('chooses the language for "Accept-Language: %s"', async (header, language, title) => {
  const app = await createWebApp({ messages: { de: german, 'ar-EG': arabic } });
  const { response } = await denyLogin(app, '/', { ...html, 'accept-language': header });
  const text = await response.text();
  expect(text).toContain(`<html lang="${language}" dir="${language === 'ar-EG' ? 'rtl' : 'ltr'}">`);
  expect(text).toContain(`<h1>${title}</h1>`);
});

test('shows English texts where a translation is missing', async () => {
  const app = await createWebApp({ messages: { de: german } });
  const { response } = await denyLogin(app, '/', { ...html, 'accept-language': 'de' });
  const text = await response.text();
  expect(text).toContain('Erneut versuchen</a>');
  expect(text).toContain('Back</a>');
});

test('reads the texts from a function of the request, and shows English texts if it fails', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const readLanguage = (request: Request) =>
    request.headers.get('cookie')?.includes('language=de') ? { language: 'de', ...german } : undefined;
  const app = await createWebApp({ messages: readLanguage });
  const browser = app.open(new Map([['language', 'de']]));
  const expired = await browser.visit(`/auth/callback?code=x&state=${'y'.repeat(43)}`, { headers: html });
  expect(await expired.text()).toContain('<html lang="de"');
  const failing = await createWebApp({
    messages: () => {
      throw new Error('x');
    },
  });
  expect(await (await expireLogin(failing)).text()).toContain('<html lang="en"');
  const wrong = { en: { pages: { loginExpired: { title: 5 } }, labels: { back: null } } };
  const odd = await createWebApp({ messages: (() => wrong.en) as never });
  const response = await expireLogin(odd, { ...html, 'accept-language': 'en' });
  expect(await response.text()).toContain('<h1>This login cannot be completed</h1>');
});

test.each<[string, string, unknown]>([
  ['pages', 'pages', null],
  ['pages', 'pages', 5],
  ['pages', 'pages', '/login-error'],
  ['pages', 'pages', ['/login-error']],
  ['pages', 'pages', () => '/login-error'],
  ['pages', 'pages.error', { error: 5 }],
  ['pages', 'pages.error', { error: {} }],
  ['pages', 'pages.denied', { denied: null }],
  ['pages', 'pages.logout', { logout: true }],
  ['pages', 'pages.loggedOut', { loggedOut: ['/bye'] }],
  ['pages', 'pages.loggedOut', { loggedOut: 5n }],
  ['messages', 'messages', null],
  ['messages', 'messages', 'de'],
  ['messages', 'messages', []],
  ['messages', 'messages', Promise.resolve({ de: german })],
  ['messages', 'messages.de', { de: null }],
  ['messages', 'messages.de', { de: 'Deutsch' }],
  ['messages', 'messages.de', { de: () => german }],
  ['messages', 'messages.de', { en: {}, de: Promise.resolve(german) }],
  ['messages', 'messages.de.language', { de: { language: 5 } }],
  ['messages', 'messages.de.direction', { de: { direction: {} } }],
  ['messages', 'messages.de.labels', { de: { labels: null } }],
  ['messages', 'messages.de.labels', { de: { labels: 'x' } }],
  ['messages', 'messages.de.labels.back', { de: { labels: { back: 5 } } }],
  ['messages', 'messages.de.pages', { de: { pages: [] } }],
  ['messages', 'messages.de.pages.denied', { de: { pages: { denied: 'x' } } }],
  ['messages', 'messages.de.pages.denied.title', { de: { pages: { denied: { title: null } } } }],
])('rejects %s with a wrong type of %s when the sessions are created', async (option, name, value) => {
  await expect(createWebApp({ [option]: value })).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'invalid_option',
    message: expect.stringMatching(
      new RegExp(`^(The option )?"${name}"( of createWebSessions\\(\\))? is .+, expected `),
    ),
  });
});

test.each<[string, () => unknown]>([
  ['rejects', () => Promise.reject(new Error('x'))],
  ['resolves', async () => german],
  [
    'returns a thenable that rejects',
    // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable.
    () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('x')) }),
  ],
  ['returns null', () => null],
  ['returns a number', () => 5],
  ['returns a list', () => [german]],
  ['returns a wrong language', () => ({ language: 5, direction: null })],
  ['returns a rejected language', () => ({ language: Promise.reject(new Error('x')) })],
  ['returns no labels', () => ({ labels: null, pages: null })],
  ['returns texts of wrong types', () => ({ labels: 5, pages: { loginExpired: null, denied: 'x' } })],
  ['returns rejected texts', () => ({ labels: { back: Promise.reject(new Error('x')) } })],
  ['returns rejected pages', () => ({ pages: { loginExpired: Promise.reject(new Error('x')) } })],
  [
    'returns texts that throw',
    () => ({
      get labels() {
        throw new Error('x');
      },
    }),
  ],
])('shows English texts if the function "messages" %s', async (_, messages) => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const app = await createWebApp({ messages: messages as never });
  const response = await expireLogin(app);
  expect(response.status).toBe(400);
  const text = await response.text();
  expect(text).toContain('<html lang="en" dir="ltr">');
  expect(text).toContain('<h1>This login cannot be completed</h1>');
  const question = await app.open().visit('/auth/logout', { headers: html });
  expect(await question.text()).toContain('Stay signed in');
});
