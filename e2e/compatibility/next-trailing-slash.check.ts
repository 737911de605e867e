import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTestBrowser, type TestBrowser } from 'identity-provider';
import type { HttpBrowser, Visit } from '../support/http-browser.ts';
import { type NextApp, startNextApp } from './next-app.ts';
import { buildNext, followRedirects, trailingSlash } from './next-trailing-slash.ts';

// `trailingSlash: true`: Next redirects each path without a slash before the application sees the request.

const folder = process.env.FIXTURE ?? '.';

/** In development too: Next 15 with webpack, Next 16 with Turbopack. */
const modes = [{ name: 'next start' }, { name: 'next dev', dev: [] }];

for (const mode of modes) describe(mode.name, () => checkMode(mode));

function checkMode({ dev }: { readonly dev?: readonly string[] }): void {
  let app: NextApp;
  before(async () => {
    if (!dev) buildNext(folder, { environment: trailingSlash });
    app = await startNextApp(folder, {
      basePath: '/shop',
      callbacks: ['/auth/callback', '/api/auth/callback'],
      // Providers do not follow redirects of this request.
      backchannelLogout: '/auth/backchannel-logout/',
      environment: () => trailingSlash,
      ...(dev && { dev }),
    });
  });
  after(() => app?.stop());

  const follow = (browser: HttpBrowser, path: string | URL, options?: Visit) =>
    followRedirects(app, browser, path, options);

  async function logIn(
    browser: HttpBrowser,
    path: string,
    atProvider: TestBrowser = createTestBrowser(app.provider.issuer),
  ) {
    const { location } = await follow(browser, path);
    return atProvider.logIn(location ?? '');
  }

  test('a protected page redirects through the login and back, with at most one more redirect for each path', async () => {
    const browser = app.open();
    const start = await follow(browser, '/shop/dashboard?tab=1');
    assert.deepEqual(start.visited, [
      '/shop/dashboard/?tab=1',
      '/shop/auth/login?returnTo=%2Fshop%2Fdashboard%2F%3Ftab%3D1',
      '/shop/auth/login/?returnTo=%2Fshop%2Fdashboard%2F%3Ftab%3D1',
    ]);
    const callback = await createTestBrowser(app.provider.issuer).logIn(start.location ?? '');
    const { status, html, visited } = await follow(browser, callback);
    assert.equal(status, 200);
    assert.match(html, /data-user="user-alice"/);
    assert.deepEqual(visited, [`/shop/auth/callback/${callback.search}`, '/shop/dashboard/?tab=1']);
  });

  for (const routes of ['/shop/auth', '/shop/api/auth'])
    for (const slash of ['', '/']) {
      test(`${routes}/*${slash}: login, posted response, session, rejected and accepted logout`, async () => {
        const browser = app.open();
        const callback = await logIn(browser, `${routes}/login${slash}?returnTo=/shop/orders`);
        const posted = await follow(browser, callback.pathname + slash, {
          form: callback.searchParams,
          headers: { origin: app.provider.issuer },
        });
        assert.equal(posted.status, 200);
        assert.match(posted.html, /data-user="user-alice"/);
        const session = await follow(browser, `${routes}/session${slash}`);
        assert.equal(JSON.parse(session.html).session.user.sub, 'user-alice');
        for (const path of ['/shop/api/summary', '/shop/api/me', '/shop/dashboard', '/shop/account']) {
          const { status, html } = await follow(browser, path + slash);
          assert.equal(status, 200, path);
          assert.match(html, /user-alice/, path);
        }
        const previousCookies = browser.cookies();
        const logOut = (origin: string) =>
          follow(browser, `${routes}/logout${slash}`, { method: 'POST', headers: { origin } });
        assert.equal((await logOut('https://evil.example')).status, 403);
        const confirmation = await follow(browser, `${routes}/logout${slash}`);
        assert.match(confirmation.html, new RegExp(`<form method="post" action="${routes}/logout"`));
        assert.equal((await logOut(app.origin)).location?.origin, app.provider.issuer);
        const { status } = await follow(browser, '/shop/api/me', { cookie: previousCookies });
        assert.equal(status, 401);
      });
    }

  test('a logout at the provider redirects to the application', async () => {
    const browser = app.open();
    const atProvider = createTestBrowser(app.provider.issuer);
    await follow(browser, await logIn(browser, '/shop/auth/login', atProvider));
    const { location } = await follow(browser, '/shop/auth/logout', {
      method: 'POST',
      headers: { origin: app.origin },
    });
    const page = await atProvider.visit(location ?? '');
    const back = page.html === '' ? page.url : (await submitLogout(atProvider, page)).url;
    const home = await follow(browser, back);
    assert.equal(home.status, 200);
    assert.match(home.html, /<h1>Home<\/h1>/);
  });

  test('a logout token ends the session: directly with the slash, after one redirect without it', async () => {
    const [first, second] = [app.open(), app.open()];
    const atProvider = createTestBrowser(app.provider.issuer);
    await follow(first, await logIn(first, '/shop/auth/login', atProvider));
    await follow(second, await logIn(second, '/shop/auth/login'));
    const readSessionUser = async (browser: HttpBrowser) =>
      JSON.parse((await browser.visit('/shop/auth/session/')).html).session?.user.sub;
    assert.equal(await readSessionUser(first), 'user-alice');
    const page = await atProvider.visit(`${app.provider.issuer}/session/end`);
    await submitLogout(atProvider, page);
    assert.equal(await readSessionUser(first), undefined);
    assert.equal(await readSessionUser(second), 'user-alice');

    const post = (path: string) =>
      follow(app.open(), path, { form: new URLSearchParams({ logout_token: 'no-token' }) });
    for (const path of ['/shop/auth/backchannel-logout', '/shop/auth/backchannel-logout/']) {
      const { status, visited } = await post(path);
      assert.equal(status, 400);
      assert.ok(visited.length <= 1, visited.join(', '));
    }
  });
}

/** Confirms the logout on the page of the provider. */
async function submitLogout(
  browser: TestBrowser,
  { url, html }: { readonly url: URL; readonly html: string },
) {
  const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1] ?? '';
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  return browser.visit(new URL(action, url), {
    logout: 'yes',
    ...Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value])),
  });
}
