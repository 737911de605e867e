import assert from 'node:assert/strict';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestBrowser } from 'identity-provider';
import type { HttpBrowser } from '../support/http-browser.ts';
import { type NextApp, startNextApp } from './next-app.ts';
import { buildNext } from './next-trailing-slash.ts';

// Next loads `lib/memory-auth.ts` for the proxy, for pages, for handlers and again after an edit. All copies share one state.
// Work after the response spends no refresh token, because its cookie could not be set.

const folder = process.env.FIXTURE ?? '.';
const fixture = basename(folder);
const hasEdgeProxy = fixture === 'next-15';
const hasProxy = fixture !== 'next-16';

interface Mode {
  readonly name: string;
  readonly dev?: readonly string[];
  /** Another production build, which this environment variable selects. */
  readonly build?: { readonly environment: Record<string, string>; readonly args: readonly string[] };
}

/** With each bundler, in development too. A short run has the first of each version. */
const otherModes: Readonly<Record<string, readonly Mode[]>> = {
  'next-15-nodejs': [
    { name: 'next dev (webpack)', dev: [] },
    { name: 'next dev (Turbopack)', dev: ['--turbopack'] },
  ],
  'next-16-proxy': [
    { name: 'next dev (Turbopack)', dev: [] },
    { name: 'next start (webpack)', build: { environment: { WEBPACK: '1' }, args: ['--webpack'] } },
    { name: 'next dev (webpack)', dev: ['--webpack'] },
  ],
};

/** The modes of Next in which the application runs. */
const modes: readonly Mode[] = [
  { name: 'next start' },
  ...(otherModes[fixture] ?? []).slice(0, process.env.SHORT === undefined ? undefined : 1),
];

const editedFile = join(folder, 'lib/memory-auth.ts');

for (const mode of modes) describe(mode.name, () => checkMode(mode));

/** The remedy for a session store in memory on the edge runtime. A page may escape the quotes. */
const remedy = /createMemorySessionStore\(\).* edge runtime.*Set runtime: .{1,8}nodejs/;

/** A proxy and a page on the edge runtime, which share no memory with the routes. Development shows the remedy. */
async function checkEdgeRuntime(app: NextApp, { isDevelopment = false } = {}): Promise<void> {
  for (const [path, expected] of [
    ['/shop/memory/dashboard', 500],
    // Next has sent the shell of the page.
    ['/shop/edge/memory', 200],
  ] as const) {
    const since = app.output().length;
    const { status, html, location } = await app.visit(path);
    assert.equal(status, expected, path);
    assert.equal(location, undefined);
    assert.match(html, /invalid_option/);
    assert.doesNotMatch(html, /data-memory/);
    assert.equal(remedy.test(html), isDevelopment, path);
    await app.waitForOutput(remedy, since);
  }
}

if (hasEdgeProxy)
  test('next dev: a session store in memory is rejected on the edge runtime, and the page shows the remedy', async () => {
    const app = await startNextApp(folder, { basePath: '/shop', callbacks: ['/auth/callback'], dev: [] });
    await checkEdgeRuntime(app, { isDevelopment: true }).finally(app.stop);
  });

function checkMode({ dev, build }: Mode): void {
  // Each request of a development server takes longer.
  const accessTokenLifetime = dev ? 20 : 6;
  let app: NextApp;
  let source: string;
  before(async () => {
    source = await readFile(editedFile, 'utf8');
    // A bundler cannot read the files of another bundler.
    if (dev) await rm(join(folder, '.next-dev'), { recursive: true, force: true });
    if (build) buildNext(folder, build);
    app = await startNextApp(folder, {
      basePath: '/shop',
      callbacks: ['/auth/callback', '/memory/auth/callback'],
      accessTokenLifetime,
      ...(build && { environment: () => build.environment }),
      ...(dev ? { dev } : fixture === 'next-16' ? { server: 'server.ts' } : {}),
    });
    if (dev) await compileRoutes();
  });
  after(async () => {
    await app?.stop();
    await writeFile(editedFile, source);
  });

  /** Development compiles each route at its first request. Requests at the same time share the work. */
  async function compileRoutes(): Promise<void> {
    const paths = [
      'memory/dashboard',
      'memory/me',
      'api/memory',
      'memory/auth/session',
      'memory/long-stream',
    ];
    paths.push('auth/session', 'dashboard', 'orders', 'late/compile', 'late/gate', 'late/action');
    const signedOutBrowser = app.open();
    // The stream of a signed-out user ends with an error.
    await Promise.all(paths.map((path) => signedOutBrowser.visit(`/shop/${path}`).catch(() => {})));
  }

  const refreshes = () => app.log.filter(({ grant_type }) => grant_type === 'refresh_token').length;

  async function logIn(routes: string): Promise<HttpBrowser> {
    const browser = app.open();
    const { location } = await browser.visit(`${routes}/login`);
    const callback = await createTestBrowser(app.provider.issuer).logIn(location ?? '');
    assert.equal((await browser.visit(callback)).status, 303);
    return browser;
  }

  const readUser = async (browser: HttpBrowser, path: string, cookie = browser.cookies()) =>
    /user-\w+/.exec((await browser.visit(path, { cookie })).html)?.[0];

  if (hasEdgeProxy) {
    test('a session store in memory is rejected on the edge runtime, with the remedy', () =>
      checkEdgeRuntime(app));
  } else {
    test('S37: all copies of the application share one session store in memory', async () => {
      const browser = await logIn('/shop/memory/auth');
      for (const path of ['memory/dashboard', 'memory/me', 'api/memory', 'memory/auth/session'])
        assert.equal(await readUser(browser, `/shop/${path}`), 'user-alice', path);
      const { copies } = JSON.parse((await browser.visit('/shop/memory/me')).html);
      assert.ok(copies >= 2, `Next has loaded the module ${copies} times`);

      if (dev) {
        await appendFile(editedFile, `\nexport const edit${Date.now()} = 0;\n`);
        for (let now = copies; now === copies; await delay(100))
          now = JSON.parse((await browser.visit('/shop/memory/me')).html).copies ?? copies;
        for (const path of ['memory/dashboard', 'memory/me', 'api/memory'])
          assert.equal(await readUser(browser, `/shop/${path}`), 'user-alice', `${path} after an edit`);
      }

      const previousCookies = browser.cookies();
      const logout = { method: 'POST', headers: { origin: app.origin } };
      assert.equal((await browser.visit('/shop/memory/auth/logout', logout)).status, 303);
      for (const path of ['memory/dashboard', 'memory/me', 'api/memory'])
        assert.equal(await readUser(browser, `/shop/${path}`, previousCookies), undefined, path);
    });
  }

  /** A user whose access token expires while the first test waits, and the time of its expiry in milliseconds. */
  let lateUser: { readonly browser: HttpBrowser; readonly expiresAt: number } | undefined;
  const logInLateUser = async () => ({
    browser: await logIn('/shop/auth'),
    expiresAt: Date.now() + accessTokenLifetime * 1000 + 100,
  });

  test('S61: after the response, a valid token is served, and no refresh token is spent', async () => {
    lateUser = await logInLateUser();
    const storedUser = hasEdgeProxy ? undefined : await logIn('/shop/memory/auth');
    const longStream = storedUser && (await logIn('/shop/memory/auth')).visit('/shop/memory/long-stream');
    for (const kind of kinds) {
      const browser = await logIn('/shop/auth');
      const expected = outsideRequest.has(kind) ? /wrong_context/ : /^done,wrong_context$/;
      assert.match(await runLate(browser, kind), expected, kind);
    }
    const browser = await logIn('/shop/auth');
    const { html } = await browser.visit('/shop/orders');
    await delay(Number(/data-expires-at="(\d+)"/.exec(html)?.[1]) + 100 - Date.now());
    if (longStream) {
      const [first = 0, second = 0] = (await longStream).html.split('\n').map(Number);
      assert.ok(first > 0 && second > first, 'a stream with a stored session gets a new token');
    }
    const count = refreshes();
    for (const kind of kinds) {
      const expected = outsideRequest.has(kind) ? /wrong_context/ : /^wrong_context,wrong_context$/;
      assert.match(await runLate(browser, kind), expected, kind);
    }
    assert.equal(refreshes(), count);
    // The refresh token is still usable, and a page can refresh a stored session.
    assert.equal(await readUser(browser, '/shop/orders'), 'user-alice');
    assert.equal(refreshes(), count + 1);
    if (!storedUser) return;
    assert.equal(await readUser(storedUser, '/shop/memory/dashboard'), 'user-alice');
    assert.equal(refreshes(), count + 2);
  });

  // A middleware on the edge runtime shares no memory with the routes.
  if (!hasEdgeProxy)
    test('all copies of the application request the metadata and the keys of the provider once', () => {
      const paths = app.log.map(({ path }) => path).filter((path) => /^\/(\.well-known\/|jwks)/.test(path));
      assert.deepEqual(paths.sort(), ['/.well-known/openid-configuration', '/jwks']);
    });

  if (hasProxy) {
    test('reports the reason why the proxy could not refresh, and not a missing proxy', async () => {
      const { browser, expiresAt } = lateUser ?? (await logInLateUser());
      await delay(Math.max(expiresAt - Date.now(), 0));
      const outputLength = app.output().length;
      await app.provider.close();
      assert.doesNotMatch((await browser.visit('/shop/dashboard')).html, /data-expires-at/);
      const logged = await app.waitForOutput(
        /TransportError.*The proxy could not refresh the access token/,
        outputLength,
      );
      assert.doesNotMatch(logged, /whose matcher covers/);
    });
  }

  /** Starts work that continues after the response, opens its gate after the response, and reads its result. */
  async function runLate(browser: HttpBrowser, kind: string): Promise<string> {
    const headers = { cookie: browser.cookies() };
    const path = `${app.origin}/shop/late/${kind}`;
    const response = kind === 'action' ? await startAction(browser) : await fetch(path, { headers });
    assert.deepEqual(response.headers.getSetCookie(), [], kind);
    const body = isStream(kind) ? undefined : await response.text();
    const gate = await fetch(`${app.origin}/shop/late/gate`, { method: 'POST', body: kind });
    const result = await gate.text();
    if (body === undefined) await response.text();
    return result;
  }

  /** Calls the action as Next's router does. Next then renders no page, and the phase of the request stays `action`. */
  async function startAction(browser: HttpBrowser): Promise<Response> {
    const { html } = await browser.visit('/shop/late/action');
    const action = /name="\$ACTION_ID_([^"]+)"/.exec(html)?.[1] ?? '';
    const headers = {
      cookie: browser.cookies(),
      origin: app.origin,
      'next-action': action,
      'content-type': 'text/plain;charset=UTF-8',
    };
    return fetch(`${app.origin}/shop/late/action`, { method: 'POST', body: '[]', headers });
  }
}

const kinds = ['start', 'pull', 'race', 'after', 'throw', 'not-found', 'action'];
/** Next reads a stream outside the request. */
const outsideRequest = new Set(['pull']);
const isStream = (kind: string) => kind === 'start' || kind === 'pull';
