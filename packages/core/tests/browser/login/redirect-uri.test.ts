// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test } from 'vitest';
import type { BrowserAuthSettings } from '../../../src/browser/options.ts';
import {
  createPage,
  events,
  origin,
  type Page,
  provider,
  showPage,
  startLogin,
  storage,
} from '../../support/browser/browser-page.ts';
import { stubSilentFrame } from '../../support/browser/silent-frame.ts';

/** Loads another page in the same tab. */
function openPage(
  href: string,
  options: Partial<BrowserAuthSettings & { readonly issuer: string }> = {},
): Page {
  const items = [...storage];
  showPage(href);
  for (const [name, value] of items) sessionStorage.setItem(name, value);
  return createPage(options);
}

const fail = (url: string) =>
  provider.approve(url, (parameters) => {
    parameters.delete('code');
    parameters.set('error', 'access_denied');
  });

describe('the redirect URI', () => {
  test.each([
    [origin, `${origin}/`],
    [`${origin}/callback`, `${origin}/callback`],
    [`${origin}/callback?tenant=a`, `${origin}/callback?tenant=a`],
    ['https://APP.example:443/callback', `${origin}/callback`],
    [`${origin}/app/callback/`, `${origin}/app/callback/`],
    ['file:///C:/app/index.html', 'file:///C:/app/index.html'],
    ['capacitor://localhost/callback', 'capacitor://localhost/callback'],
    ['com.example:/cb', 'com.example:/cb'],
  ])('%s is sent as registered, recognized, and shown without the response', async (redirectUri, clean) => {
    const url = await startLogin(createPage({ redirectUri }));
    expect(new URL(url).searchParams.get('redirect_uri')).toBe(redirectUri);
    const page = openPage(provider.approve(url), { redirectUri });
    await page.auth.start();
    expect(page.auth.snapshot()).toMatchObject({ status: 'signed-in' });
    expect(provider.tokenRequests[0]?.parameters.get('redirect_uri')).toBe(redirectUri);
    expect(location.href).toBe(clean);
  });

  test('does not match a page of the application with the parameter "code" or "state"', async () => {
    for (const query of ['?code=SPRING', '?state=open', '?iss=1']) {
      const { auth } = openPage(`${origin}/${query}`, { redirectUri: origin });
      await auth.start();
      expect(auth.snapshot()).toEqual({ status: 'signed-out' });
      expect(location.search).toBe(query);
    }
  });

  test.each(['?error=payment', '?error=payment&order=7'])(
    'does not match a page of the application with %s, unless this tab waits for a response',
    async (query) => {
      const { auth } = openPage(`${origin}/${query}`, { redirectUri: origin });
      expect(await auth.start()).toEqual({});
      expect(auth.snapshot()).toEqual({ status: 'signed-out' });
      expect(location.search).toBe(query);
      // Some providers return errors without `state`. The application must not start the next login.
      await startLogin(createPage({ redirectUri: origin }));
      const failed = openPage(`${origin}/?error=access_denied`, { redirectUri: origin });
      expect(await failed.auth.start()).toMatchObject({ error: { code: 'transaction_invalid' } });
      expect(location.search).toBe('');
      const later = openPage(`${origin}/${query}`, { redirectUri: origin });
      expect(await later.auth.start()).toEqual({});
    },
  );

  test('does not match a page with an error after the user has left the provider', async () => {
    await startLogin(createPage({ redirectUri: origin }));
    await openPage(`${origin}/about`, { redirectUri: origin }).auth.start();
    const { auth } = openPage(`${origin}/?error=payment`, { redirectUri: origin });
    expect(await auth.start()).toEqual({});
  });

  test('of a silent login may have a query', async () => {
    const silentRedirectUri = `${origin}/silent.html?client=spa`;
    stubSilentFrame((url) => provider.approve(url));
    const { auth } = createPage({ silentRedirectUri });
    await auth.start();
    expect(auth.snapshot()).toMatchObject({ status: 'signed-in' });
  });
});

describe('the page after a login', () => {
  test('is kept after a failed login, a second login on its page, and a reload', async () => {
    const redirectUri = `${origin}/callback`;
    const returnTo = '/items?filter=a%26b#second';
    const failed = openPage(fail(await startLogin(createPage())));
    expect(await failed.auth.start()).toEqual({ error: expect.objectContaining({ error: 'access_denied' }) });
    expect(failed.auth.snapshot()).toMatchObject({ error: { error: 'access_denied' } });
    // It fails twice, and the page is reloaded in between.
    const again = openPage(fail(await startLogin(openPage(redirectUri))));
    await again.auth.start();
    const page = openPage(provider.approve(await startLogin(again)));
    expect(await page.auth.start()).toEqual({ returnTo });
    // After the login, the page is a normal page.
    const next = openPage(redirectUri);
    expect(await next.auth.handleCallback(provider.approve(await startLogin(next)))).toEqual({
      returnTo: '/callback',
    });
  });

  test('is the page that the application requests, or on which the user logs in', async () => {
    const failed = openPage(fail(await startLogin(createPage())));
    await failed.auth.start();
    const url = await startLogin(failed, { returnTo: '/other' });
    expect(await failed.auth.handleCallback(provider.approve(url))).toEqual({ returnTo: '/other' });
    const denied = openPage(fail(await startLogin(failed)));
    await denied.auth.start();
    const elsewhere = openPage(`${origin}/about`);
    expect(await elsewhere.auth.handleCallback(provider.approve(await startLogin(elsewhere)))).toEqual({
      returnTo: '/about',
    });
  });

  test.each([
    ['/about', '/about'],
    [`${origin}/#/orders`, '/#/orders'],
    [`${origin}/`, '/'],
  ])('is the requested page %s, even if it is the page of the redirect URI', async (returnTo, expected) => {
    const redirectUri = `${origin}/`;
    const first = openPage(`${origin}/#/items`, { redirectUri });
    const failed = openPage(fail(await startLogin(first)), { redirectUri });
    await failed.auth.start();
    const url = await startLogin(failed, { returnTo });
    expect(await failed.auth.handleCallback(provider.approve(url))).toEqual({ returnTo: expected });
  });

  test.each([
    ['', '/#/items'],
    ['#/', '/#/items'],
    ['#/orders', '/#/orders'],
  ])('with hash routing, after a failed login, at the fragment "%s"', async (fragment, expected) => {
    const redirectUri = `${origin}/`;
    const first = openPage(`${origin}/#/items`, { redirectUri });
    await openPage(fail(await startLogin(first)), { redirectUri }).auth.start();
    const page = openPage(`${origin}/${fragment}`, { redirectUri });
    const url = await startLogin(page);
    expect(await page.auth.handleCallback(provider.approve(url))).toEqual({ returnTo: expected });
  });

  test.each(['com.example:cb', 'com.example:/cb', 'com.example://cb', 'com.example:'])(
    'and the error are kept if the redirect URI is %s',
    async (redirectUri) => {
      const page = createPage({ redirectUri });
      await page.auth.start();
      const unknown = `${redirectUri}?error=access_denied&state=unknown`;
      await expect(page.auth.handleCallback(unknown)).rejects.toMatchObject({ code: 'transaction_invalid' });
      expect(events).toContainEqual(expect.objectContaining({ type: 'login.failed' }));
      const url = await startLogin(page, { returnTo: '/items/7' });
      await expect(page.auth.handleCallback(fail(url))).rejects.toMatchObject({ error: 'access_denied' });
      expect(page.auth.snapshot().error).toMatchObject({ error: 'access_denied' });
    },
  );

  test('is the folder of the redirect URI if this tab has not started the failed login', async () => {
    const redirectUri = `${origin}/shop/callback`;
    const page = openPage(`${redirectUri}?code=c&state=unknown`, { redirectUri });
    await page.auth.start();
    expect(page.auth.snapshot()).toMatchObject({ error: { code: 'transaction_invalid' } });
    expect(await page.auth.handleCallback(provider.approve(await startLogin(page)))).toEqual({
      returnTo: '/shop/',
    });
  });

  test('is kept in a native shell, where another page shows the failure', async () => {
    const redirectUri = 'com.example:/cb';
    const page = createPage({ redirectUri });
    await page.auth.start();
    const url = await startLogin(page, { returnTo: '/items/7' });
    await expect(page.auth.handleCallback(fail(url))).rejects.toMatchObject({ error: 'access_denied' });
    expect(await page.auth.handleCallback(provider.approve(await startLogin(page)))).toEqual({
      returnTo: '/items/7',
    });
  });

  test.each([
    ['file:///C:/app/index.html?x=1#/items', '/C:/app/index.html?x=1#/items'],
    ['capacitor://localhost/items?x=1', '/items?x=1'],
  ])('is kept for a page at %s', async (href, returnTo) => {
    const page = openPage(href);
    expect(await page.auth.handleCallback(provider.approve(await startLogin(page)))).toEqual({ returnTo });
    const evil = await startLogin(page, { returnTo: '//evil.example/items' });
    expect(await page.auth.handleCallback(provider.approve(evil))).toEqual({ returnTo: '/' });
  });
});

describe('a browser without sessionStorage', () => {
  const denials: [string, () => unknown][] = [
    [
      'its access throws',
      () => {
        throw new DOMException('denied', 'SecurityError');
      },
    ],
    ['it is missing', () => undefined],
    [
      'it is full',
      () => ({
        getItem: () => null,
        removeItem: () => {},
        setItem: () => {
          throw new DOMException('full', 'QuotaExceededError');
        },
      }),
    ],
    ['it stores nothing', () => ({ getItem: () => null, removeItem: () => {}, setItem: () => {} })],
  ];

  test.each(denials)('(%s) rejects a login that navigates, and names the missing feature', async (_, get) => {
    Object.defineProperty(globalThis, 'sessionStorage', { get, configurable: true });
    const page = createPage({ navigate: undefined as never });
    await page.auth.start();
    expect(page.auth.snapshot()).toEqual({ status: 'signed-out' });
    await expect(page.auth.login()).rejects.toMatchObject({
      code: 'unsupported_by_browser',
      message: expect.stringMatching(/sessionStorage.*Allow cookies/),
    });
  });

  test.each(denials)('(%s) completes a login of a native shell, which does not navigate', async (_, get) => {
    Object.defineProperty(globalThis, 'sessionStorage', { get, configurable: true });
    const page = createPage();
    await page.auth.start();
    const callback = provider.approve(await startLogin(page));
    expect(await page.auth.handleCallback(callback)).toMatchObject({ returnTo: expect.any(String) });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ code: 'transaction_invalid' });
  });
});

test('handleCallback() rejects a text that is not a URL with transaction_invalid', async () => {
  await expect(createPage().auth.handleCallback('not a URL')).rejects.toMatchObject({
    code: 'transaction_invalid',
  });
});
