// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import { createWebApp, type TestBrowser, type WebApp } from '../../support/web-browser.ts';

const html = { accept: 'text/html' };
const getPath = (url: URL) => url.pathname + url.search;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Follows redirects between application and provider, until the application responds with another page. */
async function finish(app: WebApp, browser: TestBrowser, location: string | null): Promise<Response> {
  let response = new Response(null, { headers: { location: location ?? '' } });
  for (let hops = 0; hops < 8; hops++) {
    const url = new URL(response.headers.get('location') ?? '', app.sessions.origin);
    if (url.origin === new URL(app.server.issuer).origin) {
      const { url: callback } = await app.server.authorize(url);
      response = await browser.visit(getPath(callback), { headers: html });
    } else if (url.pathname.startsWith('/auth/')) {
      response = await browser.visit(getPath(url), { headers: html });
    } else return response;
    if (response.status !== 303) return response;
  }
  throw new Error('The login is a loop.');
}

const start = async (browser: TestBrowser, path: string) =>
  (await browser.visit(path)).headers.get('location') ?? '';

const findLogins = (browser: TestBrowser) =>
  [...browser.cookies.keys()].filter((name) => name.startsWith('__Host-session.login.'));

/** The browser loses the cookie of the login: it has expired, or newer logins have replaced it. */
function dropLogin(browser: TestBrowser): void {
  for (const name of findLogins(browser)) browser.cookies.delete(name);
}

/** The callback with an error of the provider. */
function createErrorCallback(
  app: WebApp,
  login: string,
  parameters: Record<string, string | undefined>,
): string {
  const query = { state: new URL(login).searchParams.get('state'), iss: app.server.issuer, ...parameters };
  const entries = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `/auth/callback?${new URLSearchParams(entries)}`;
}

const orders = {
  'in order': [0, 1, 2, 3, 4, 5],
  'in reverse order': [5, 4, 3, 2, 1, 0],
  'in another order': [2, 5, 0, 3, 1, 4],
};

for (const [name, order] of Object.entries(orders)) {
  // Six logins with long paths exceed the budget of the cookies.
  for (const width of [10, 900]) {
    test(`six logins, finished ${name}, lead each to its page of ${width} characters`, async () => {
      const app = await createWebApp();
      const browser = app.open();
      const pages = order.map((_, tab) => `/tab-${tab}?${'x'.repeat(width)}`);
      const logins: string[] = [];
      for (const page of pages) {
        logins.push(await start(browser, `/auth/login?${new URLSearchParams({ returnTo: page })}`));
        app.server.clock.advance(1);
      }
      expect(new Set(findLogins(browser)).size < 6).toBe(width > 10);
      for (const tab of order) {
        const done = await finish(app, browser, logins[tab] ?? '');
        expect(done.headers.get('location')).toBe(pages[tab]);
      }
      expect((await app.sessions.open(browser.header())).session).toBeDefined();
    });
  }
}

test('a lost login with a path that is too long for a URL leads to the start page', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const login = await start(browser, `/auth/login?returnTo=/${'x'.repeat(1_500)}`);
  dropLogin(browser);
  expect(new URL(login).href.length).toBeLessThan(1_000);
  expect((await finish(app, browser, login)).headers.get('location')).toBe('/');
});

test('logins that were started at the same time lead each to its page', async () => {
  const app = await createWebApp();
  const browser = app.open();
  // No request has the cookies of the others.
  const logins = await Promise.all(
    Array.from({ length: 12 }, (_, tab) => start(browser, `/auth/login?returnTo=/tab-${tab}`)),
  );
  for (const [tab, login] of [...logins.entries()].reverse()) {
    expect((await finish(app, browser, login)).headers.get('location')).toBe(`/tab-${tab}`);
  }
});

test('a login that the browser has lost starts again once, and keeps its page and its max_age', async () => {
  const app = await createWebApp({ loginParameters: ['max_age', 'login_hint'] });
  const browser = app.open();
  const login = await start(browser, '/auth/login?returnTo=/wanted%3Fa%3D1&max_age=60&login_hint=alice');
  app.server.clock.advance(3_700);
  const { url } = await app.server.authorize(login);
  const restarted = new URL(
    (await browser.visit(getPath(url), { headers: html })).headers.get('location') ?? '',
  );
  expect(restarted.searchParams.get('max_age')).toBe('60');
  expect(restarted.searchParams.get('login_hint')).toBe('alice');
  expect((await finish(app, browser, restarted.href)).headers.get('location')).toBe('/wanted?a=1');
  expect(app.events).toContainEqual({
    type: 'login.recovered',
    issuer: app.server.issuer,
    code: 'transaction_invalid',
    check: 'expired',
    by: 'restart',
  });
});

test('a login page that stayed open for hours, until the cookie had expired, leads to its page', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const login = await start(browser, '/auth/login?returnTo=/wanted');
  dropLogin(browser);
  app.server.clock.advance(80_000);
  expect((await finish(app, browser, login)).headers.get('location')).toBe('/wanted');
});

test('a login starts again only once, and its error page leads to the same page', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const first = await app.server.authorize(await start(browser, '/auth/login?returnTo=/wanted'));
  dropLogin(browser);
  const restarted = await browser.visit(getPath(first.url), { headers: html });
  const second = await app.server.authorize(restarted.headers.get('location') ?? '');
  dropLogin(browser);
  const stopped = await browser.visit(getPath(second.url), { headers: html });
  expect(stopped.status).toBe(400);
  const page = await stopped.text();
  expect(page).toContain('transaction_invalid: state');
  expect(page).toContain('href="/auth/login?returnTo=%2Fwanted"');
});

test('S6: a browser that has started no login, or stores no cookies, starts none by a callback', async () => {
  const app = await createWebApp();
  const { url } = await app.server.authorize(await start(app.open(), '/auth/login?returnTo=/wanted'));
  const victim = app.open();
  const response = await victim.visit(getPath(url), { headers: html });
  expect(response.status).toBe(400);
  expect(response.headers.getSetCookie()).toEqual([]);
  expect(app.server.requestsTo('token')).toHaveLength(0);
});

test('a state that this application has not created starts no login', async () => {
  const app = await createWebApp();
  const other = await createWebApp({ secret: 'another secret of the tests, also long enough' });
  const foreign =
    new URL(await start(other.open(), '/auth/login?returnTo=/x')).searchParams.get('state') ?? '';
  const own = new URL(await start(app.open(), '/auth/login?returnTo=/x')).searchParams.get('state') ?? '';
  const states = [
    foreign,
    `${own.slice(0, -3)}abc`,
    own.slice(0, 43),
    `${own.slice(0, 43)}.${own.slice(0, 43)}`,
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

test('the encrypted part of a state does not replace the cookie of the login', async () => {
  const app = await createWebApp();
  const attacker = app.open();
  const { url } = await app.server.authorize(await start(attacker, '/auth/login?returnTo=/of-attacker'));
  const victim = app.open();
  await start(victim, '/auth/login');
  const response = await victim.visit(getPath(url), { headers: html });
  // A new login of the victim, not that of the attacker.
  expect(new URL(response.headers.get('location') ?? '').pathname).toBe('/authorize');
  expect(app.server.requestsTo('token')).toHaveLength(0);
  expect(victim.cookies.has('__Host-session')).toBe(false);
});

test.each([
  { error: 'temporarily_unavailable', error_description: 'authentication_expired' },
  { error: 'temporarily_unavailable', error_description: 'AUTHENTICATION_EXPIRED' },
  { error: 'login_required', error_description: 'Login failed: authentication_expired (restart)' },
])('a login page that the provider has forgotten starts again once: %j', async (parameters) => {
  const app = await createWebApp();
  const browser = app.open();
  const login = await start(browser, '/auth/login?returnTo=/wanted');
  const forgotten = await browser.visit(createErrorCallback(app, login, parameters), { headers: html });
  const restarted = forgotten.headers.get('location') ?? '';
  const again = await browser.visit(createErrorCallback(app, restarted, parameters), { headers: html });
  expect(again.status).toBeGreaterThanOrEqual(400);
  expect(await again.text()).toContain('href="/auth/login?returnTo=%2Fwanted"');
  const third = await start(browser, '/auth/login?returnTo=/wanted');
  expect((await finish(app, browser, third)).headers.get('location')).toBe('/wanted');
});

test.each(['login_required', 'interaction_required', 'consent_required', 'account_selection_required'])(
  'a silent login returns to its page with the error %s',
  async (error) => {
    const app = await createWebApp();
    for (const isCookieLost of [false, true]) {
      const browser = app.open();
      const login = await start(browser, '/auth/login?prompt=none&returnTo=/wanted%3Fa%3D1%23part');
      if (isCookieLost) dropLogin(browser);
      const response = await browser.visit(createErrorCallback(app, login, { error }), { headers: html });
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toBe(`/wanted?a=1&loginError=${error}#part`);
      expect(findLogins(browser)).toEqual([]);
    }
  },
);

test('a silent login that the browser has lost stays silent', async () => {
  const app = await createWebApp();
  const browser = app.open();
  const login = await start(browser, '/auth/login?prompt=none&returnTo=/wanted');
  dropLogin(browser);
  const { url } = await app.server.authorize(login);
  const restarted = new URL(
    (await browser.visit(getPath(url), { headers: html })).headers.get('location') ?? '',
  );
  expect(restarted.searchParams.get('prompt')).toBe('none');
});

test('other errors of a silent login, and these errors of another login, are error pages', async () => {
  const app = await createWebApp();
  for (const [path, error, status] of [
    ['/auth/login?prompt=none', 'access_denied', 403],
    ['/auth/login?prompt=none', 'invalid_request', 502],
    ['/auth/login', 'login_required', 403],
    ['/auth/login', 'consent_required', 403],
  ] as const) {
    const browser = app.open();
    const login = await start(browser, path);
    const response = await browser.visit(createErrorCallback(app, login, { error }), { headers: html });
    expect(response.status, `${path} ${error}`).toBe(status);
  }
});

test.each([
  ['access_denied', 403, 'Not logged in'],
  ['unauthorized', 403, 'confirm your email address'],
  ['server_error', 503, 'Please try again'],
  ['temporarily_unavailable', 503, 'Please try again'],
  ['invalid_scope', 502, 'rejected this login'],
])(
  'the error %s leads to a page with its code, a new login for the same page, and a way back',
  async (error, status, text) => {
    const app = await createWebApp();
    const browser = app.open();
    const login = await start(browser, '/auth/login?returnTo=/wanted%3Fa%3D%22');
    const response = await browser.visit(createErrorCallback(app, login, { error }), { headers: html });
    expect(response.status).toBe(status);
    const page = await response.text();
    expect(page).toContain(text);
    expect(page).toContain(`<code>authorization_error: ${error}</code>`);
    expect(page).toContain('href="/auth/login?returnTo=%2Fwanted%3Fa%3D%2522">Try again</a>');
    expect(page).toContain('href="/">Back</a>');
    expect(page.match(/<h1>/g)).toHaveLength(1);
  },
);

test('the developer sees the verified error and its description', async () => {
  const write = vi.spyOn(console, 'error').mockImplementation(() => {});
  const parameters = { error: 'access_denied', error_description: 'Confirm "your" address\u0007' };
  const app = await createWebApp();
  const browser = app.open();
  const login = await start(browser, '/auth/login');
  await browser.visit(createErrorCallback(app, login, parameters), { headers: html });
  expect(app.events).toContainEqual({
    type: 'request.failed',
    route: 'callback',
    status: 403,
    code: 'authorization_error',
    providerError: 'access_denied',
    providerErrorDescription: 'Confirm "your" address ',
  });
  const silent = await createWebApp({}, { client: { onEvent: undefined as never } });
  const other = silent.open();
  await other.visit(createErrorCallback(silent, await start(other, '/auth/login'), parameters), {
    headers: html,
  });
  expect(String(write.mock.calls.at(-1)?.[0])).toContain('Its description: "Confirm \\"your\\" address "');
});

test.each([
  ['without state', { state: undefined }, 'transaction_invalid', 'state'],
  ['without iss', { iss: undefined }, 'authorization_response_invalid', 'iss'],
  [
    'with the iss of another provider',
    { iss: 'https://evil.example' },
    'authorization_response_invalid',
    'iss',
  ],
  ['with an unknown state', { state: 'x'.repeat(43) }, 'transaction_invalid', 'state'],
])(
  'an error response %s is rejected, and the developer sees its error as unverified',
  async (_, change, code, check) => {
    const parameters = { error: 'login_required', error_description: 'Please\nlog in', ...change };
    const app = await createWebApp();
    const browser = app.open();
    const login = await start(browser, '/auth/login?returnTo=/wanted');
    const response = await browser.visit(createErrorCallback(app, login, parameters), { headers: html });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('login_required');
    expect(app.events).toContainEqual(
      expect.objectContaining({ type: 'request.failed', code, check, unverifiedError: 'login_required' }),
    );
    const write = vi.spyOn(console, 'error').mockImplementation(() => {});
    const silent = await createWebApp({}, { client: { onEvent: undefined as never } });
    const other = silent.open();
    const second = await start(other, '/auth/login');
    await other.visit(createErrorCallback(silent, second, parameters), { headers: html });
    expect(String(write.mock.calls.at(-1)?.[0])).toContain(
      'The response is unverified. It contains the error "login_required", "Please log in".',
    );
  },
);
