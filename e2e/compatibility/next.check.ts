import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type NextApp, startNextApp } from './next-app.ts';
import { logIn, logOut } from './next-login.ts';

// One suite for every version of Next, with the proxy on each runtime, and without proxy.

const folder = process.env.FIXTURE ?? '.';
const fixture = basename(folder);
/** The runtime of the proxy. The fixture without proxy has a custom server. */
const runtime = { 'next-15': 'edge', 'next-15-nodejs': 'nodejs', 'next-16-proxy': 'nodejs' }[fixture];
const hasProxy = runtime !== undefined;
let app: NextApp;

before(async () => {
  app = await startNextApp(folder, {
    basePath: '/shop',
    callbacks: ['/auth/callback', '/api/auth/callback'],
    ...(!hasProxy && { server: 'server.ts' }),
  });
});
after(() => app?.stop());

test(`serves a public page below the base path, ${runtime ? `through a proxy on ${runtime}` : 'without a proxy'}`, async () => {
  const home = await app.visit('/shop');
  assert.equal(home.status, 200);
  assert.match(home.html, /<h1>Home<\/h1>/);
  assert.match(home.html, /href="\/shop\/auth\/login"/);
  assert.equal(home.headers['x-runtime'], runtime);
});

test('S18: without a session, pages, handlers and API routes reject the request', async () => {
  const forgedHeaders = { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy', rsc: '1' };
  const paths = ['dashboard', 'account', 'orders', 'api/summary', 'api/me'].map((path) => `/shop/${path}`);
  for (const headers of [{}, forgedHeaders]) {
    for (const path of paths) {
      const { html } = await app.visit(path, { headers });
      assert.doesNotMatch(html, /data-user|user-alice|<h1>(Dashboard|Account|Orders)/, path);
    }
  }
  assert.equal((await app.visit('/shop/api/summary')).status, 401);
  assert.equal((await app.visit('/shop/api/me')).status, 401);
});

test('a protected page redirects to the login, with the base path once', async () => {
  for (const [path, routes] of [
    ['/shop/dashboard', '/shop/auth'],
    ['/shop/orders', hasProxy ? '/shop/auth' : '/shop/api/auth'],
  ] as const) {
    const { location, html } = await app.visit(path);
    const target = location ?? redirectIn(html);
    assert.equal(target?.pathname, `${routes}/login`, path);
    assert.equal(target.searchParams.get('returnTo'), path);
  }
  // The proxy does not match this page.
  const byRouter = await visitAsRouter('/shop/account?tab=1');
  const target = byRouter.location ?? redirectIn(byRouter.html);
  assert.equal(target?.searchParams.get('returnTo'), '/shop/account?tab=1');
});

test('without a session, routers and scripts get a response that they can handle', async () => {
  const byRouter = await visitAsRouter('/shop/auth/login');
  assert.equal(byRouter.status, 200);
  assert.match(byRouter.headers['content-type'] ?? '', /^text\/plain/);
  assert.equal(byRouter.headers['set-cookie'], undefined);
  assert.equal((await app.visit('/shop/auth/login', { headers: { 'sec-fetch-mode': 'cors' } })).status, 401);
  if (!hasProxy) return;
  const byScript = await app.visit('/shop/dashboard', {
    method: 'POST',
    headers: { 'sec-fetch-mode': 'cors' },
  });
  assert.equal(byScript.status, 401);
  const byAction = await app.visit('/shop/dashboard', {
    method: 'POST',
    headers: { 'sec-fetch-mode': 'cors', 'next-action': 'x'.repeat(42), origin: app.origin },
  });
  assert.equal(byAction.headers['x-action-redirect'], '/shop/auth/login?returnTo=%2Fshop%2Fdashboard;push');
});

if (hasProxy) {
  test('the application customizes the response to signed-out users and excludes paths', async () => {
    const response = await app.visit('/shop/members/list?page=2');
    assert.equal(response.status, 401);
    const login = '/shop/auth/login?returnTo=%2Fshop%2Fmembers%2Flist%3Fpage%3D2';
    assert.deepEqual(JSON.parse(response.html), { membersOnly: true, login });
    assert.match(response.headers['cache-control'] ?? '', /no-store/);
    // The 404 response of Next shows that the proxy passed the request.
    assert.equal((await app.visit('/shop/members/terms')).status, 404);
  });
}

test('S14: a prefetch neither starts a login nor ends a session', async () => {
  for (const path of ['/shop/auth/login', '/shop/auth/logout']) {
    const { status, headers } = await app.visit(path, { headers: { 'next-router-prefetch': '1' } });
    assert.equal(status, 204, path);
    assert.equal(headers['set-cookie'], undefined, path);
  }
});

test('logs in by route handlers of the App Router', () => logIn(app, '/shop/auth', '/shop/dashboard?tab=1'));

test('pages, handlers and API routes of both routers read the session', async () => {
  for (const path of ['/shop/dashboard', '/shop/account', '/shop/orders']) {
    const { status, html } = await app.visit(path);
    assert.equal(status, 200, path);
    assert.match(html, /data-user="user-alice"/, path);
    if (path === '/shop/dashboard') assert.match(html, /action="\/shop\/auth\/logout"/);
  }
  for (const path of ['/shop/api/summary', '/shop/api/me']) {
    assert.deepEqual(JSON.parse((await app.visit(path)).html), { user: 'user-alice' }, path);
  }
  assert.equal(JSON.parse((await app.visit('/shop/auth/session')).html).session.user.sub, 'user-alice');
  assert.equal((await app.visit('/shop/auth/access-token')).status, 404);
});

test('an API route updates session data for both routers', async () => {
  for (const visits of [1, 2]) {
    const response = await app.visit('/shop/api/me', { method: 'POST' });
    assert.deepEqual(JSON.parse(response.html), { visits });
  }
  const { session } = JSON.parse((await app.visit('/shop/auth/session')).html);
  assert.deepEqual([session.user.sub, session.data], ['user-alice', { visits: 2 }]);
  assert.equal((await app.open().visit('/shop/api/me', { method: 'POST' })).status, 401);
});

test('another API gets a separate token', async () => {
  for (const _ of [1, 2]) {
    assert.deepEqual(JSON.parse((await app.visit('/shop/api/report')).html), {
      audiences: ['https://reports.countersign.example', 'https://api.countersign.example'],
      scopes: ['reports:read'],
    });
  }
});

test('responds with 403 to a missing scope', async () => {
  const byNext = await app.visit('/shop/api/editors');
  assert.equal(byNext.status, 403);
  const byWrapper = await app.visit('/shop/api/editors', { method: 'POST', headers: { origin: app.origin } });
  assert.equal(byWrapper.status, 403);
  assert.deepEqual(JSON.parse(byWrapper.html), { error: 'insufficient_scope' });
  // The layout starts to stream with status 200 before the page runs, so the test checks the content.
  const page = await app.visit('/shop/editors');
  assert.doesNotMatch(page.html, /data-user/);
  assert.match(page.html, /NEXT_HTTP_ERROR_FALLBACK;403/);
});

test('S18: an action runs only with a session', async () => {
  const { html } = await app.visit('/shop/dashboard');
  const name = /name="(\$ACTION_ID_[^"]+)"/.exec(html)?.[1] ?? '';
  const form = new FormData();
  form.set(name, '');
  form.set('title', 'x1');
  const countRuns = () => app.output().split('action ran for').length - 1;
  const signedOutResponse = await app.visit('/shop/dashboard', { form, cookie: '' });
  assert.equal(countRuns(), 0);
  assert.doesNotMatch(signedOutResponse.location?.href ?? '', /saved=/);
  const { location } = await app.visit('/shop/dashboard', { form });
  assert.equal(location?.search, '?saved=x1');
  await app.waitForOutput(/action ran for/);
  assert.equal(countRuns(), 1);
});

if (fixture.startsWith('next-15')) {
  test('a route handler on the edge runtime reads the session', async () => {
    const { user, scopes, edge } = JSON.parse((await app.visit('/shop/edge/me')).html);
    assert.deepEqual([user, edge], ['user-alice', true]);
    assert.ok(scopes.includes('items:read'));
    assert.equal((await app.open().visit('/shop/edge/me')).status, 401);
  });
}

if (fixture.startsWith('next-16')) {
  test('a private cache may contain a session and is not shared between browsers', async () => {
    const name = async (browser: Pick<NextApp, 'visit'>) =>
      /data-private="([^"]*)"/.exec((await browser.visit('/shop/private')).html)?.[1];
    assert.equal(await name(app), 'user-alice');
    assert.equal(await name(app.open()), 'none');
    assert.equal(await name(app), 'user-alice');
  });

  test('reading a session inside "use cache" throws an error with an explanation', async () => {
    const { html } = await app.visit('/shop/cached');
    assert.doesNotMatch(html, /data-cached/);
    await app.waitForOutput(/The session was read inside "use cache"/);
  });
}

if (fixture.startsWith('next-15')) {
  test('reading a session in a static page throws an error with an explanation', async () => {
    for (const [path, setting] of [
      ['frozen', 'force-static'],
      ['strict', 'error'],
    ] as const) {
      const outputLength = app.output().length;
      const { status, html } = await app.visit(`/shop/${path}/page`);
      assert.equal(status, 500, path);
      assert.doesNotMatch(html, /data-frozen|data-strict/, path);
      const logged = await app.waitForOutput(/code: 'wrong_context'/, outputLength);
      assert.match(logged, /ConfigurationError\]?: The session was read in a static page/, path);
      assert.ok(logged.includes(`\`dynamic = "${setting}"\``), path);
    }
  });
}

test('an expired token is refreshed once if cookies can be set, and the browser receives the new session', async () => {
  // A page of the App Router cannot set a cookie: it needs the proxy. `getServerSideProps` can.
  const path = hasProxy ? '/shop/dashboard' : '/shop/orders';
  const firstExpiry = readExpiry((await app.visit(path)).html);
  await delay(firstExpiry * 1000 - Date.now() + 100);
  const since = refreshes().length;
  const previousCookies = app.cookies();
  const pages = await Promise.all([1, 2, 3].map(() => app.visit(path)));
  for (const { status, html } of pages) {
    assert.equal(status, 200);
    assert.ok(readExpiry(html) > firstExpiry, 'the page received the previous token');
  }
  assert.notEqual(app.cookies(), previousCookies, 'the browser did not receive the new session');
  for (const other of ['/shop/dashboard', '/shop/orders']) {
    assert.equal(readExpiry((await app.visit(other)).html), readExpiry(pages[0]?.html ?? ''), other);
  }
  assert.deepEqual(
    refreshes()
      .slice(since)
      .map(({ status }) => status),
    [200],
  );
});

if (hasProxy) {
  test('a custom proxy keeps its rewrites, headers and cookies with a refreshed session', async () => {
    const firstExpiry = readExpiry((await app.visit('/shop/dashboard')).html);
    await delay(firstExpiry * 1000 - Date.now() + 100);
    const { status, html, headers } = await app.visit('/shop/de/dashboard');
    assert.equal(status, 200);
    assert.match(html, /data-locale="de"/);
    assert.ok(readExpiry(html) > firstExpiry, 'the page received the previous token');
    // The session has several chunks.
    const names = headers['set-cookie']?.map((line) => line.split(/[.=]/)[0]);
    assert.deepEqual([...new Set(names)].sort(), ['locale', 'session']);
    const signedOutResponse = await app.open().visit('/shop/de/dashboard');
    assert.equal(signedOutResponse.location?.searchParams.get('returnTo'), '/shop/de/dashboard');
  });
} else {
  test('if no cookie can be set, a page does not use the refresh token and reports the missing proxy', async () => {
    const { html } = await app.visit('/shop/orders');
    await delay(readExpiry(html) * 1000 - Date.now() + 100);
    const since = refreshes().length;
    const page = await app.visit('/shop/dashboard');
    assert.doesNotMatch(page.html, /data-expires-at/);
    assert.equal(refreshes().length, since);
    await app.waitForOutput(/while \/dashboard is rendered\. .*proxy .*whose matcher covers \/dashboard/);
    assert.equal((await app.visit('/shop/orders')).status, 200);
    assert.equal(refreshes().length, since + 1);
  });
}

test('logout by route handlers ends the session', () => logOut(app, '/shop/auth'));

test('logs in by an API route of the Pages Router', () => logIn(app, '/shop/api/auth', '/shop/orders'));

test('logout by an API route ends the session', () => logOut(app, '/shop/api/auth'));

test('a third party can start a login only at the configured provider', async () => {
  const startLogin = (iss: string) => app.open().visit(`/shop/auth/login?${new URLSearchParams({ iss })}`);
  assert.equal((await startLogin(app.provider.issuer)).location?.origin, app.provider.issuer);
  const rejected = await startLogin('https://evil.example');
  assert.equal(rejected.status, 400);
  assert.equal(rejected.location, undefined);
});

async function visitAsRouter(path: string) {
  const options = { headers: { rsc: '1', 'sec-fetch-mode': 'cors' } };
  const response = await app.visit(path, options);
  // In Next 16, the router first sends its state in the URL.
  return response.location?.searchParams.has('_rsc') ? app.visit(response.location, options) : response;
}

const refreshes = () => app.log.filter(({ grant_type }) => grant_type === 'refresh_token');
const readExpiry = (html: string) => Number(/data-expires-at="(\d+)"/.exec(html)?.[1]) / 1000;

/** A page that has started to stream redirects in its stream. */
function redirectIn(html: string): URL | undefined {
  const address = /NEXT_REDIRECT;[a-z]+;([^;]+);/.exec(html)?.[1];
  return address === undefined ? undefined : new URL(address, app.origin);
}
