// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import {
  completeLogin,
  createErrorCallback,
  dropLogin,
  findLogins,
  getPath,
  html,
  startLogin,
} from '../../support/session/lost-logins.ts';
import { createWebApp } from '../../support/web-browser.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const orders = {
  'in order': [0, 1, 2, 3, 4, 5],
  'in reverse order': [5, 4, 3, 2, 1, 0],
  'in another order': [2, 5, 0, 3, 1, 4],
};

for (const [name, order] of Object.entries(orders)) {
  // Six logins with long paths exceed the budget of the cookies.
  for (const width of [10, 900]) {
    test(`six logins, completed ${name}, each return to their page of ${width} characters`, async () => {
      const app = await createWebApp();
      const browser = app.open();
      const pages = order.map((_, tab) => `/tab-${tab}?${'x'.repeat(width)}`);
      const logins: string[] = [];
      for (const page of pages) {
        logins.push(await startLogin(browser, `/auth/login?${new URLSearchParams({ returnTo: page })}`));
        app.server.clock.advance(1);
      }
      expect(new Set(findLogins(browser)).size < 6).toBe(width > 10);
      for (const tab of order) {
        const response = await completeLogin(app, browser, logins[tab] ?? '');
        expect(response.headers.get('location')).toBe(pages[tab]);
      }
      expect((await app.sessions.open(browser.header())).session).toBeDefined();
    });
  }
}

/** The reports of pages to which no user returns. */
const listRejections = ({ events }: Awaited<ReturnType<typeof createWebApp>>) =>
  events.filter(({ type }) => type === 'return_to.rejected');

test('a lost login returns to the start page if its path is too long for a URL, and reports it once', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const login = await startLogin(browser, `/auth/login?returnTo=/${'x'.repeat(1_500)}`);
  dropLogin(browser);
  expect(new URL(login).href.length).toBeLessThan(1_000);
  expect(listRejections(app)).toEqual([]);
  expect((await completeLogin(app, browser, login)).headers.get('location')).toBe('/');
  expect(listRejections(app)).toEqual([{ type: 'return_to.rejected', reason: 'too_long', length: 1_501 }]);
});

test('the longest path in the state leaves a login whose URLs have at most 2,048 characters', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const page = `/${'x'.repeat(999)}`;
  const login = await startLogin(browser, `/auth/login?returnTo=${page}`);
  dropLogin(browser);
  expect(login.length).toBeLessThanOrEqual(2_048);
  expect((await completeLogin(app, browser, login)).headers.get('location')).toBe(page);
  expect(listRejections(app)).toEqual([]);
});

test('six logins with long paths: each returns to its page, or the loss of the page is reported', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const pages = Array.from({ length: 6 }, (_, tab) => `/tab-${tab}?${'x'.repeat(1_500)}`);
  const logins: string[] = [];
  for (const page of pages) {
    logins.push(await startLogin(browser, `/auth/login?${new URLSearchParams({ returnTo: page })}`));
    app.server.clock.advance(1);
  }
  let lostPages = 0;
  for (const [tab, page] of pages.entries()) {
    const location = (await completeLogin(app, browser, logins[tab] ?? '')).headers.get('location');
    if (location !== page) lostPages++;
    expect(location).toBe(location === page ? page : '/');
    expect(listRejections(app)).toHaveLength(lostPages);
  }
  expect(lostPages).toBeGreaterThan(0);
  expect(lostPages).toBeLessThan(6);
});

test('reports the lost page of a login that ends with an error page, with an error or without a question', async () => {
  const app = await createWebApp();
  const page = `/${'x'.repeat(1_500)}`;
  const report = { type: 'return_to.rejected', reason: 'too_long', length: 1_501 };
  const browser = app.open();
  const login = await startLogin(browser, `/auth/login?returnTo=${page}`);
  const denial = createErrorCallback(app, login, { error: 'access_denied' });
  expect(await (await browser.visit(denial, { headers: html })).text()).toContain(
    `returnTo=%2F${'x'.repeat(1_500)}`,
  );
  expect(listRejections(app)).toEqual([]);
  // The cookie is deleted. Without the marker of a pending login, the login is not started again.
  browser.cookies.clear();
  expect((await browser.visit(denial, { headers: html })).status).toBe(400);
  expect(listRejections(app)).toEqual([report]);
  const silent = await startLogin(browser, `/auth/login?prompt=none&returnTo=${page}`);
  dropLogin(browser);
  const query = { error: 'login_required' };
  const response = await browser.visit(createErrorCallback(app, silent, query), { headers: html });
  expect(response.headers.get('location')).toBe('/?loginError=login_required');
  expect(listRejections(app)).toEqual([report, report]);
});

test('does not report a lost login whose page is the default page', async () => {
  const afterLogin = `/${'x'.repeat(1_500)}`;
  const app = await createWebApp({ afterLogin });
  const browser = app.open();
  const login = await startLogin(browser, '/auth/login');
  dropLogin(browser);
  expect((await completeLogin(app, browser, login)).headers.get('location')).toBe(afterLogin);
  expect(listRejections(app)).toEqual([]);
});

test('logins that start at the same time each return to their page', async () => {
  const app = await createWebApp();
  const browser = app.open();
  // Each request is sent before the cookies of the others arrive.
  const logins = await Promise.all(
    Array.from({ length: 12 }, (_, tab) => startLogin(browser, `/auth/login?returnTo=/tab-${tab}`)),
  );
  for (const [tab, login] of [...logins.entries()].reverse()) {
    expect((await completeLogin(app, browser, login)).headers.get('location')).toBe(`/tab-${tab}`);
  }
});

test('restarts a lost login with its page and its max_age', async () => {
  const app = await createWebApp({ loginParameters: ['max_age', 'login_hint'] });
  const browser = app.open();
  const login = await startLogin(browser, '/auth/login?returnTo=/wanted%3Fa%3D1&max_age=60&login_hint=alice');
  app.server.clock.advance(3_700);
  const { url } = await app.server.authorize(login);
  const restartUrl = new URL(
    (await browser.visit(getPath(url), { headers: html })).headers.get('location') ?? '',
  );
  expect(restartUrl.searchParams.get('max_age')).toBe('60');
  expect(restartUrl.searchParams.get('login_hint')).toBe('alice');
  expect((await completeLogin(app, browser, restartUrl.href)).headers.get('location')).toBe('/wanted?a=1');
  expect(app.events).toContainEqual({
    type: 'login.recovered',
    issuer: app.server.issuer,
    code: 'transaction_invalid',
    check: 'expired',
    by: 'restart',
  });
});

test('returns to the page of a login whose cookie has expired', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const login = await startLogin(browser, '/auth/login?returnTo=/wanted');
  dropLogin(browser);
  app.server.clock.advance(80_000);
  expect((await completeLogin(app, browser, login)).headers.get('location')).toBe('/wanted');
});

test('restarts a lost login only once, and links its error page to the same page', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const first = await app.server.authorize(await startLogin(browser, '/auth/login?returnTo=/wanted'));
  dropLogin(browser);
  const restartResponse = await browser.visit(getPath(first.url), { headers: html });
  const second = await app.server.authorize(restartResponse.headers.get('location') ?? '');
  dropLogin(browser);
  const errorPage = await browser.visit(getPath(second.url), { headers: html });
  expect(errorPage.status).toBe(400);
  const page = await errorPage.text();
  expect(page).toContain('transaction_invalid: state');
  expect(page).toContain('href="/auth/login?returnTo=%2Fwanted"');
});

test('S6: does not start a login at a callback if the browser has started none', async () => {
  const app = await createWebApp();
  const { url } = await app.server.authorize(await startLogin(app.open(), '/auth/login?returnTo=/wanted'));
  const victim = app.open();
  const response = await victim.visit(getPath(url), { headers: html });
  expect(response.status).toBe(400);
  expect(response.headers.getSetCookie()).toEqual([]);
  expect(app.server.requestsTo('token')).toHaveLength(0);
});

test('rejects a state that this application has not created', async () => {
  const app = await createWebApp();
  const other = await createWebApp({ secret: 'another secret for tests with more than 32 characters' });
  const stateOfOtherApp =
    new URL(await startLogin(other.open(), '/auth/login?returnTo=/x')).searchParams.get('state') ?? '';
  const validState =
    new URL(await startLogin(app.open(), '/auth/login?returnTo=/x')).searchParams.get('state') ?? '';
  const states = [
    stateOfOtherApp,
    `${validState.slice(0, -3)}abc`,
    validState.slice(0, 43),
    `${validState.slice(0, 43)}.${validState.slice(0, 43)}`,
    '.',
    'x'.repeat(9_000),
  ];
  for (const state of states) {
    const query = new URLSearchParams({ code: 'x', state, returnTo: '/evil' });
    const response = await app.open().visit(`/auth/callback?${query}`, { headers: html });
    expect(response.status, state).toBe(400);
    expect(await response.text()).toContain('href="/auth/login?returnTo=%2F"');
    expect(response.headers.getSetCookie()).toEqual([]);
  }
});

test('does not complete a login with the encrypted part of its state only', async () => {
  const app = await createWebApp();
  const attacker = app.open();
  const { url } = await app.server.authorize(await startLogin(attacker, '/auth/login?returnTo=/of-attacker'));
  const victim = app.open();
  await startLogin(victim, '/auth/login');
  const response = await victim.visit(getPath(url), { headers: html });
  // The response starts a new login of the victim.
  expect(new URL(response.headers.get('location') ?? '').pathname).toBe('/authorize');
  expect(app.server.requestsTo('token')).toHaveLength(0);
  expect(victim.cookies.has('__Host-session')).toBe(false);
});

const lostLogins = [
  { error: 'temporarily_unavailable', error_description: 'authentication_expired' },
  { error: 'temporarily_unavailable', error_description: 'AUTHENTICATION_EXPIRED' },
  { error: 'login_required', error_description: 'Login failed: authentication_expired (restart)' },
];

test.each(lostLogins)(
  'leads to the wanted page after the provider has lost the login: %j',
  async (parameters) => {
    const app = await createWebApp();
    const browser = app.open();
    const login = await startLogin(browser, '/auth/login?returnTo=/wanted');
    const response = await browser.visit(createErrorCallback(app, login, parameters), { headers: html });
    const restart = response.headers.get('location') ?? '';
    expect(new URL(restart).origin).toBe(new URL(app.server.issuer).origin);
    expect((await completeLogin(app, browser, restart)).headers.get('location')).toBe('/wanted');
    expect((await app.sessions.open(browser.header())).session?.user.sub).toBe('alice');
  },
);

test.each(lostLogins)('restarts a login once after the provider has lost it: %j', async (parameters) => {
  const app = await createWebApp();
  const browser = app.open();
  const login = await startLogin(browser, '/auth/login?returnTo=/wanted');
  const restartResponse = await browser.visit(createErrorCallback(app, login, parameters), { headers: html });
  const restartUrl = restartResponse.headers.get('location') ?? '';
  const response = await browser.visit(createErrorCallback(app, restartUrl, parameters), { headers: html });
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(await response.text()).toContain('href="/auth/login?returnTo=%2Fwanted"');
  const third = await startLogin(browser, '/auth/login?returnTo=/wanted');
  expect((await completeLogin(app, browser, third)).headers.get('location')).toBe('/wanted');
});

test('a callback that is visited again after its login reports no lost page', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const returnTo = `/items?q=${'x'.repeat(1_200)}`;
  const started = await browser.visit(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  const { url } = await app.server.authorize(started.headers.get('location') ?? '');
  const response = await browser.visit(url.pathname + url.search);
  expect(response.headers.get('location')).toContain('/items?q=x');
  await browser.visit(url.pathname + url.search);
  expect(app.events.map(({ type }) => type)).not.toContain('return_to.rejected');
});
