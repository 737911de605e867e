// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import { TransportError } from '../../../src/index.ts';
import type { OwnPage, OwnPages, PageContext } from '../../../src/session/index.ts';
import { denyLogin, html, sendUnknownCallback } from '../../support/session/failed-logins.ts';
import { baseUrl, createWebApp } from '../../support/web-browser.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('redirects to the pages of the application, with code, reason and returnTo', async () => {
  const app = await createWebApp({ pages: { error: '/login-error?from=auth', denied: '/denied' } });
  const { browser, response } = await denyLogin(app, '/target?a=1&b="');
  expect(response.status).toBe(303);
  const query = new URLSearchParams({
    code: 'authorization_error',
    reason: 'access_denied',
    returnTo: '/target?a=1&b=%22',
  });
  expect(response.headers.get('location')).toBe(`/denied?${query}`);
  expect([...browser.cookies.keys()]).toEqual(['__Host-session.started']);
  const expiredResponse = await sendUnknownCallback(app);
  expect(expiredResponse.headers.get('location')).toBe(
    '/login-error?from=auth&code=transaction_invalid&reason=state&returnTo=%2F',
  );
});

test.each(['user_cancelled_login', 'user_cancelled_authorize'])(
  'redirects to the page "denied" after %s, with a response in the query or in a form',
  async (error) => {
    const pages = { error: '/login-error', denied: '/denied' };
    const query = new URLSearchParams({ code: 'authorization_error', reason: error, returnTo: '/target' });
    const { response } = await denyLogin(await createWebApp({ pages }), '/target', html, error);
    expect(response.headers.get('location')).toBe(`/denied?${query}`);
    // Apple responds with a form.
    const app = await createWebApp({ pages }, { client: { responseMode: 'form_post' } });
    const browser = app.open();
    const login = await browser.visit('/auth/login?returnTo=/target');
    const state = new URL(login.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const formResponse = await browser.visit('/auth/callback', {
      method: 'POST',
      headers: { ...html, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ state, error, iss: app.server.issuer }).toString(),
    });
    expect(formResponse.headers.get('location')).toBe(`/denied?${query}`);
  },
);

test('shows the page "error" for a denied login if there is no page "denied"', async () => {
  const app = await createWebApp({ pages: { error: '/login-error' } });
  expect((await denyLogin(app)).response.headers.get('location')).toMatch(
    /^\/login-error\?code=authorization_error&/,
  );
});

test('allows frames for a page, and not for a form', async () => {
  const app = await createWebApp();
  const { response } = await denyLogin(app);
  expect(response.headers.get('content-security-policy')).not.toContain('frame-ancestors');
  const browser = app.open();
  await browser.logIn();
  const question = await browser.visit('/auth/logout', { headers: html });
  expect(await question.text()).toContain('<form method="post"');
  expect(question.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
});

test('responds with JSON if the request does not accept HTML', async () => {
  const page = vi.fn(() => new Response('page'));
  for (const pages of [{ error: '/login-error' }, { error: page }]) {
    const app = await createWebApp({ pages });
    const { response } = await denyLogin(app, '/', { accept: 'application/json' });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: 'authorization_error' });
  }
  expect(page).not.toHaveBeenCalled();
});

test('returns the response of a function with its cookies and with private caching', async () => {
  const contexts: PageContext[] = [];
  const error = async (context: PageContext) => {
    contexts.push(context);
    const headers = { 'cache-control': 'public, max-age=60', 'x-custom': '1', 'set-cookie': 'custom=1' };
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
  expect(response.headers.get('x-custom')).toBe('1');
  expect(response.headers.getSetCookie()).toEqual([
    'custom=1',
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

test('shows the built-in page if a login that returns to the error page fails', async () => {
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
])('shows the built-in page if returnTo is the error page, written as %s', async (returnTo) => {
  for (const path of ['/login-error', '/login-error/', '/Login%2DError']) {
    const app = await createWebApp({ pages: { error: path } });
    expect((await denyLogin(app, returnTo)).response.status, path).toBe(403);
  }
});

test('redirects to the error page if returnTo is another page', async () => {
  const app = await createWebApp({ pages: { error: '/login-error' } });
  for (const returnTo of ['/login-errors', '/login-error/x', '/x/login-error', '/', '/x?/login-error'])
    expect((await denyLogin(app, returnTo)).response.status, returnTo).toBe(303);
});

test('shows the built-in page if returnTo is one of two error pages', async () => {
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
])('S2: the error page of a request for %j links only to this application', async (path) => {
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

test('links "Try again" to the page of the request, including a long query', async () => {
  const path = `/items?query=${'x'.repeat(5_000)}`;
  const app = await createWebApp();
  const response = await app.sessions.respondToError(
    new Request(`${baseUrl}/x`, { headers: html }),
    new TransportError('store_unavailable', 'The store is unavailable.'),
    { route: 'proxy', returnTo: path, retry: path },
  );
  expect(await response.text()).toContain(`href="${path}"`);
});

test('redirects to the page "logout" of the application for confirmation', async () => {
  const uris = [`${baseUrl}/`, `${baseUrl}/bye`];
  const app = await createWebApp({ pages: { logout: '/leave' }, postLogoutRedirectUris: uris });
  const confirmation = await app.open().visit('/auth/logout?returnTo=/bye', { headers: html });
  expect(confirmation.headers.get('location')).toBe(
    `/leave?${new URLSearchParams({ returnTo: `${baseUrl}/bye` })}`,
  );
  const fallback = await app.open().visit('/auth/logout?returnTo=https://evil.example', { headers: html });
  expect(fallback.headers.get('location')).toBe(`/leave?${new URLSearchParams({ returnTo: `${baseUrl}/` })}`);
});
