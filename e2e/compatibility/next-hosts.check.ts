import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { createTestBrowser, type RunningProvider, startProvider } from 'identity-provider';
import { type NextApp, startNextApp, webClient } from './next-app.ts';

// One application on several hosts: previews, behind a proxy, and with a provider for each customer.

const folder = process.env.FIXTURE ?? '.';
const serverOptions = basename(folder) === 'next-16' ? { server: 'server.ts' } : {};
let plain: NextApp;
let behindProxy: NextApp;
const tenants: RunningProvider[] = [];

before(async () => {
  const addresses = (port: number) =>
    [`http://localhost:${port}/shop`, `http://*.preview.localhost:${port}/shop`].join(' ');
  const callbacks = ['/auth/callback'];
  plain = await startNextApp(folder, {
    ...serverOptions,
    basePath: '/shop',
    callbacks,
    async environment({ port }) {
      const issuers: Record<string, string> = {};
      for (const name of ['blue', 'green']) {
        const host = `${name}.localhost:${port}`;
        const provider = await startProvider({
          clients: [webClient([`http://${host}/shop/tenant/auth/callback`])],
        });
        tenants.push(provider);
        issuers[host] = provider.issuer;
      }
      return { AUTH_BASE_URL: addresses(port), TENANTS: JSON.stringify(issuers) };
    },
  });
  behindProxy = await startNextApp(folder, {
    ...serverOptions,
    basePath: '/shop',
    callbacks,
    environment: ({ port }) => ({
      AUTH_BASE_URL: addresses(port),
      TRUST_PROXY: '1',
      TENANTS: JSON.stringify({
        [`blue.localhost:${port}`]: tenants[0]?.issuer,
        [`green.localhost:${port}`]: tenants[1]?.issuer,
      }),
    }),
  });
});
after(async () => {
  await Promise.all([plain, behindProxy].map((app) => app?.stop()));
  await Promise.all(tenants.map((provider) => provider.close()));
});

/** Reads the redirect URI of the authorization request. */
async function redirectUri(app: NextApp, host: string, headers: Record<string, string> = {}) {
  const { location } = await app.open(host).visit('/shop/auth/login', { headers });
  assert.equal(location?.origin, app.provider.issuer);
  return location.searchParams.get('redirect_uri');
}

const createCallbackUrl = (host: string) => `http://${host}/shop/auth/callback`;

test('accepts a listed preview host and rejects other hosts', async () => {
  const home = `localhost:${plain.port}`;
  const preview = `pr-7.preview.localhost:${plain.port}`;
  assert.equal(await redirectUri(plain, preview), createCallbackUrl(preview));
  const unknownHosts = ['evil.example', 'evil-site-that-only-has-a-long-name-and-no-more.example'];
  for (const host of [home, ...unknownHosts, `preview.localhost:${plain.port}`, `a.b.${preview}`]) {
    assert.equal(await redirectUri(plain, host), createCallbackUrl(home), host);
  }
});

test('a protected page of a preview redirects to the login of that preview', async () => {
  const preview = `pr-7.preview.localhost:${plain.port}`;
  const { location, html } = await plain.open(preview).visit('/shop/dashboard');
  const address = location?.href ?? /NEXT_REDIRECT;[a-z]+;([^;]+);/.exec(html)?.[1] ?? '';
  assert.equal(new URL(address).host, preview);
});

test('uses X-Forwarded-Host only from a trusted proxy', async () => {
  for (const app of [plain, behindProxy]) {
    const home = `localhost:${app.port}`;
    const preview = `pr-7.preview.localhost:${app.port}`;
    const forwarded = { 'x-forwarded-host': preview, 'x-forwarded-proto': 'https' };
    const expected = app === behindProxy ? preview : home;
    assert.equal(await redirectUri(app, home, forwarded), createCallbackUrl(expected));
    // A trusted proxy can also forward a forged host.
    const forgedHost = { 'x-forwarded-host': 'evil.example' };
    assert.equal(await redirectUri(app, home, forgedHost), createCallbackUrl(home));
  }
});

test('rejects a logout by a page of another host', async () => {
  const preview = `pr-7.preview.localhost:${plain.port}`;
  const logout = (host: string, origin: string) =>
    plain.open(host).visit('/shop/auth/logout', { method: 'POST', headers: { origin } });
  assert.equal((await logout(preview, `http://${preview}`)).status, 303);
  assert.equal((await logout(preview, plain.origin)).status, 403);
});

test('S10: each customer has a separate provider, and its hosts reject the sessions of other customers', async () => {
  const [blue, green] = ['blue', 'green'].map((name) => `${name}.localhost:${plain.port}`) as [
    string,
    string,
  ];
  const browsers = [];
  for (const [index, host] of [blue, green].entries()) {
    const issuer = tenants[index]?.issuer ?? '';
    const browser = plain.open(host);
    const { location } = await browser.visit('/shop/tenant/auth/login');
    assert.equal(location?.origin, issuer);
    const callback = await createTestBrowser(issuer).logIn(location, index === 0 ? 'alice' : 'bob');
    assert.equal(callback.host, host);
    // The login of one customer cannot complete on the host of another.
    const elsewhere = await plain
      .open(host === blue ? green : blue)
      .visit(callback, { cookie: browser.cookies() });
    assert.equal(elsewhere.status, 400);
    assert.match(elsewhere.html, /transaction_invalid/);
    assert.equal((await browser.visit(callback)).status, 303);
    const user = index === 0 ? 'user-alice' : 'user-bob';
    assert.deepEqual(JSON.parse((await browser.visit('/shop/tenant/me')).html), { user, issuer });
    browsers.push(browser);
  }
  const stolen = browsers[0]?.cookies() ?? '';
  assert.equal((await plain.open(green).visit('/shop/tenant/me', { cookie: stolen })).status, 401);
});

test('options enable the access token route and logout by GET', async () => {
  const host = `blue.localhost:${plain.port}`;
  const browser = plain.open(host);
  const { location } = await browser.visit('/shop/tenant/auth/login');
  await browser.visit(await createTestBrowser(tenants[0]?.issuer ?? '').logIn(location ?? ''));
  const token = (headers: Record<string, string>) =>
    browser.visit('/shop/tenant/auth/access-token', { headers });
  const response = await token({ 'sec-fetch-site': 'same-origin' });
  assert.equal(response.status, 200);
  assert.match(response.headers['cache-control'] ?? '', /private, no-store/);
  const { accessToken, expiresAt } = JSON.parse(response.html);
  assert.equal(JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url').toString()).sub, 'user-alice');
  assert.ok(expiresAt * 1000 > Date.now());
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
    assert.equal((await token(headers)).status, 403);

  const previousCookies = browser.cookies();
  const prefetched = await browser.visit('/shop/tenant/auth/logout', {
    headers: { 'sec-purpose': 'prefetch' },
  });
  assert.equal(prefetched.status, 204);
  assert.equal((await browser.visit('/shop/tenant/me')).status, 200);
  const logout = await browser.visit('/shop/tenant/auth/logout');
  assert.equal(logout.status, 303);
  assert.equal(logout.location?.origin, tenants[0]?.issuer);
  assert.equal((await browser.visit('/shop/tenant/me', { cookie: previousCookies })).status, 401);
});

test('X-Forwarded-Host chooses the customer only behind a trusted proxy', async () => {
  for (const app of [plain, behindProxy]) {
    const [blue, green] = ['blue', 'green'].map((name) => `${name}.localhost:${app.port}`) as [
      string,
      string,
    ];
    const readIssuer = async (forwarded: string) => {
      const headers = { 'x-forwarded-host': forwarded };
      return (await app.open(blue).visit('/shop/tenant/auth/login', { headers })).location?.origin;
    };
    const expected = tenants[app === behindProxy ? 1 : 0]?.issuer;
    assert.equal(await readIssuer(green), expected);
    // The forged value of a client precedes the value of the proxy.
    assert.equal(await readIssuer(`${green}, ${blue}`), tenants[0]?.issuer);
  }
});

test('a host without a customer gets neither a login nor a session', async () => {
  for (const path of ['/shop/tenant/auth/login', '/shop/tenant/me']) {
    const { status, location, headers } = await plain.open('red.example').visit(path);
    assert.equal(status, 500, path);
    assert.equal(location, undefined, path);
    assert.equal(headers['set-cookie'], undefined, path);
  }
  await plain.waitForOutput(/No options for the host of this request/);
});
