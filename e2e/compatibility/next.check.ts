import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestBrowser } from 'identity-provider';
import { type NextApp, startNextApp } from './next-app.ts';

const folder = process.env.FIXTURE ?? '.';
/** One fixture has a proxy and `next start`; the other has no proxy and a server of its own. */
const hasProxy = folder.endsWith('-proxy');
let app: NextApp;

before(async () => {
  app = await startNextApp(folder, {
    basePath: '/shop',
    callbacks: ['/auth/callback', '/api/auth/callback'],
    ...(!hasProxy && { server: 'server.ts' }),
  });
});
after(() => app?.stop());

test('a page for everybody is shown below the base path', async () => {
  const home = await app.visit('/shop');
  assert.equal(home.status, 200);
  assert.match(home.html, /<h1>Home<\/h1>/);
});

test(`S18: without a session pages, handlers and API routes deny, ${hasProxy ? 'with' : 'without'} a proxy`, async () => {
  const tricks = { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy', rsc: '1' };
  for (const headers of [{}, tricks]) {
    for (const path of ['/shop/dashboard', '/shop/orders', '/shop/api/summary', '/shop/api/me']) {
      const { html } = await app.visit(path, { headers });
      assert.doesNotMatch(html, /data-user|user-alice|<h1>(Dashboard|Orders)/, path);
    }
  }
  assert.equal((await app.visit('/shop/api/summary')).status, 401);
  assert.equal((await app.visit('/shop/api/me')).status, 401);
});

test('a protected page leads to the login, below the base path once', async () => {
  for (const [path, routes] of [
    ['/shop/dashboard', '/shop/auth'],
    ['/shop/orders', hasProxy ? '/shop/auth' : '/shop/api/auth'],
  ] as const) {
    const { location, html } = await app.visit(path);
    const target = location ?? redirectIn(html);
    assert.equal(target?.pathname, `${routes}/login`, path);
    // Without a proxy a page of the App Router does not know its own address.
    if (hasProxy || path === '/shop/orders') assert.equal(target.searchParams.get('returnTo'), path);
  }
});

test('login by route handlers of the App Router', () => logIn('/shop/auth', '/shop/dashboard?tab=1'));

test('pages, handlers and API routes of both routers know who is signed in', async () => {
  for (const path of ['/shop/dashboard', '/shop/orders']) {
    const { status, html } = await app.visit(path);
    assert.equal(status, 200, path);
    assert.match(html, /data-user="user-alice"/, path);
  }
  for (const path of ['/shop/api/summary', '/shop/api/me']) {
    assert.deepEqual(JSON.parse((await app.visit(path)).html), { user: 'user-alice' }, path);
  }
});

test('S18: an action runs with a session, and not without', async () => {
  const { html } = await app.visit('/shop/dashboard');
  const name = /name="(\$ACTION_ID_[^"]+)"/.exec(html)?.[1] ?? '';
  const form = new FormData();
  form.set(name, '');
  form.set('title', 'x1');
  const ran = () => app.output().split('action ran for').length - 1;
  const strangers = await app.visit('/shop/dashboard', { form, cookie: '' });
  assert.equal(ran(), 0);
  assert.doesNotMatch(strangers.location?.href ?? '', /saved=/);
  const { location } = await app.visit('/shop/dashboard', { form });
  assert.equal(location?.search, '?saved=x1');
  assert.equal(ran(), 1);
});

test('a session that is read inside "use cache" is an error that explains itself', async () => {
  const { status, html } = await app.visit('/shop/cached');
  assert.doesNotMatch(html, /Alice/i);
  assert.ok(status === 500 || /template|error/i.test(html));
  assert.match(app.output(), /The session was read inside "use cache"/);
});

test('an expired token is refreshed once where cookies can be set, and the browser is given the new session', async () => {
  const before = expiryIn((await app.visit('/shop/orders')).html);
  await delay(before * 1000 - Date.now() + 100);
  const since = refreshes().length;
  const kept = app.cookies();
  const { status, html } = await app.visit('/shop/orders');
  assert.equal(status, 200);
  assert.ok(expiryIn(html) > before);
  assert.notEqual(app.cookies(), kept);
  assert.equal(expiryIn((await app.visit('/shop/dashboard')).html), expiryIn(html));
  assert.equal(refreshes().length - since, 1);
});

test('logout by route handlers ends the session', () => logOut('/shop/auth'));

test('login by an API route of the Pages Router', () => logIn('/shop/api/auth', '/shop/orders'));

test('logout by an API route ends the session', () => logOut('/shop/api/auth'));

async function logIn(routes: string, returnTo: string): Promise<void> {
  const start = await app.visit(`${routes}/login?${new URLSearchParams({ returnTo })}`);
  const callback = await createTestBrowser(app.provider.issuer).signIn(start.location ?? '');
  assert.equal(callback.pathname, `${routes}/callback`);
  assert.equal((await app.visit(callback)).location?.href, app.origin + returnTo);
  assert.equal((await app.visit(returnTo)).status, 200);
}

async function logOut(routes: string): Promise<void> {
  const kept = app.cookies();
  const foreign = await app.visit(`${routes}/logout`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
  });
  assert.equal(foreign.status, 403);
  assert.equal((await app.visit('/shop/api/me')).status, 200);
  const { location } = await app.visit(`${routes}/logout`, {
    method: 'POST',
    headers: { origin: app.origin },
  });
  assert.equal(location?.origin, app.provider.issuer);
  assert.equal((await app.visit('/shop/api/me')).status, 401);
  assert.equal((await app.visit('/shop/api/me', { cookie: kept })).status, 401);
}

const refreshes = () => app.log.filter(({ grant_type }) => grant_type === 'refresh_token');
const expiryIn = (html: string) => Number(/data-expires-at="(\d+)"/.exec(html)?.[1]) / 1000;

/** A page that has begun to stream says in its stream where to go. */
function redirectIn(html: string): URL | undefined {
  const address = /NEXT_REDIRECT;[a-z]+;([^;]+);/.exec(html)?.[1];
  return address === undefined ? undefined : new URL(address, app.origin);
}
