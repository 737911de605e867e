import { APP_BASE_HREF } from '@angular/common';
import type { Routes } from '@angular/router';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { getOnlyLogin } from '../../core/tests/support/browser/visited-urls.ts';
import type { AuthConfig, AuthFeature } from '../src/config/auth-config.ts';
import { withClientName, withSilentLogin, withStorage } from '../src/config/auth-features.ts';
import { authGuard, authGuardFor } from '../src/guards/auth-guard.ts';
import { provideAuth } from '../src/provide-auth.ts';
import {
  type ConfigPart,
  createTab,
  dispatch,
  EmptyPage,
  type PageOptions,
  type TestPage,
} from './support/routed-app.ts';

const origin = 'https://app.example';
const guarded: Routes = [{ path: '**', canActivate: [authGuard], component: EmptyPage }];

afterEach(() => void vi.unstubAllGlobals());

/** Waits until the first navigation after a login has ended. */
const shows = (page: TestPage, url: string) =>
  vi.waitFor(() => {
    expect(page.router.url).toBe(url);
    expect(page.router.currentNavigation()).toBeNull();
  });

describe('a login returns to the requested page', () => {
  test.each<[string, PageOptions & { config?: ConfigPart }, string]>([
    [`${origin}/items?a=b%26c#d`, { routes: guarded }, '/items?a=b%26c#d'],
    // The URL of the application may be its redirect URI.
    [`${origin}/items`, { routes: guarded, config: { redirectUri: origin } }, '/items'],
    [`${origin}/items`, { routes: guarded, config: { redirectUri: `${origin}/?tenant=a` } }, '/items'],
    [`${origin}/`, { routes: guarded, config: { redirectUri: 'https://APP.example' } }, '/'],
    // The base URL, and a route with the same beginning.
    [`${origin}/app/items?x=1`, { routes: guarded, base: '/app/' }, '/items?x=1'],
    [`${origin}/app/app/users`, { routes: guarded, base: '/app/' }, '/app/users'],
    [`${origin}/app/app`, { routes: guarded, base: '/app/' }, '/app'],
    [`${origin}/de/items`, { routes: guarded, base: '/de/' }, '/items'],
    // Hash routing, with the redirect URI of a page outside the router.
    [`${origin}/#/items?x=1`, { routes: guarded, hash: true }, '/items?x=1'],
    [`${origin}/app/#/app/users`, { routes: guarded, hash: true, base: '/app/' }, '/app/users'],
    [`${origin}/app/?v=2#/items`, { routes: guarded, hash: true, base: '/app/' }, '/items'],
    [`${origin}/#/`, { routes: guarded, hash: true, config: { redirectUri: `${origin}/` } }, '/'],
  ])('%s', async (href, options, expected) => {
    const { open, provider } = await createTab();
    const first = await open(href, options);
    expect(first.left).toHaveLength(1);
    const page = await open(provider.approve(getOnlyLogin(first.left)), options);
    await shows(page, expected);
    expect(page.auth.status()).toBe('signed-in');
    expect([page.left, page.errors]).toEqual([[], []]);
  });

  test('even if the application passes a URL of the router', async () => {
    const { open, provider } = await createTab();
    const options = { routes: [{ path: '**', component: EmptyPage }], base: '/app/' };
    for (const [returnTo, expected] of [
      ['/app/users', '/app/users'],
      ['/users?x=1', '/users?x=1'],
      [`${origin}/app/users`, '/users'],
      ['//evil.example/x', '/evil.example/x'],
      ['https://evil.example/x', '/'],
    ] as const) {
      const first = await open(`${origin}/app/`, options);
      await first.auth.login({ returnTo });
      const page = await open(provider.approve(getOnlyLogin(first.left)), options);
      await shows(page, expected);
      expect(page.left).toEqual([]);
    }
  });

  test('in another language of the site, if that page can restore the login', async () => {
    const { open, provider } = await createTab();
    const config = { redirectUri: `${origin}/en/callback` };
    const features = [withStorage('tab')];
    const german = { routes: guarded, base: '/de/', config, features };
    const english = { ...german, base: '/en/' };
    const first = await open(`${origin}/de/items`, german);
    const callback = await open(provider.approve(getOnlyLogin(first.left)), english);
    await vi.waitFor(() => expect(callback.left).toEqual(['/de/items']));
    // Tokens in memory would be lost, and the guard of that page would log in again and again.
    const again = await open(`${origin}/de/items`, { ...german, features: [] });
    const page = await open(provider.approve(getOnlyLogin(again.left)), { ...english, features: [] });
    await shows(page, '/');
    expect(page.left).toEqual([]);
  });

  test.each<[string, () => AuthFeature]>([
    ['the provider has no session for the frame', () => withSilentLogin('/silent.html')],
    ['the browser denies IndexedDB', () => withStorage('shared')],
  ])('in this language if that page cannot restore the login, because %s', async (_, createFeature) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { open, provider } = await createTab();
    const frame = (url: string) =>
      provider.approve(url, (parameters) => {
        parameters.delete('code');
        parameters.set('error', 'login_required');
      });
    const openPage = (href: string) =>
      open(href, {
        routes: guarded,
        base: new URL(href).pathname.slice(0, 4),
        config: { redirectUri: `${origin}/en/callback` },
        features: [createFeature()],
        frame,
      });
    let page = await openPage(`${origin}/de/items`);
    let loads = 1;
    for (; loads < 9; loads++) {
      await vi.waitFor(() => expect(page.left.length > 0 || page.router.url === '/').toBe(true));
      const [url] = page.left;
      if (url === undefined) break;
      page = await openPage(url.startsWith(provider.issuer) ? provider.approve(url) : `${origin}${url}`);
    }
    await shows(page, '/');
    expect(page.auth.status()).toBe('signed-in');
    expect([page.left, loads <= 4]).toEqual([[], true]);
  });

  test('with hash routing, even if an earlier login failed on the same page', async () => {
    const { open, provider } = await createTab();
    const routes: Routes = [{ path: '', component: EmptyPage }, ...guarded];
    const options = { routes, hash: true, config: { redirectUri: `${origin}/` } };
    const denied = await open(`${origin}/#/items`, options);
    const response = provider.approve(getOnlyLogin(denied.left), (parameters) => {
      parameters.delete('code');
      parameters.set('error', 'access_denied');
    });
    await (await open(response, options)).auth.whenReady();
    const orders = await open(`${origin}/#/orders`, options);
    await shows(await open(provider.approve(getOnlyLogin(orders.left)), options), '/orders');
    await (await open(response, options)).auth.whenReady();
    const page = await open(`${origin}/#/`, options);
    await page.auth.login({ returnTo: '/about' });
    await shows(await open(provider.approve(getOnlyLogin(page.left)), options), '/about');
  });

  test.each([
    ['/app/', `${origin}/app/callback`],
    ['/app', `${origin}/app/callback`],
  ])('without the element <base>, with APP_BASE_HREF %s', async (baseHref, redirectUri) => {
    const { open, provider } = await createTab();
    const requests: URLSearchParams[] = [];
    const options: PageOptions = {
      routes: guarded,
      isBaseMissing: true,
      providers: [{ provide: APP_BASE_HREF, useValue: baseHref }],
      features: [withSilentLogin()],
      frame(url) {
        requests.push(new URL(url).searchParams);
        return provider.approve(url, (parameters) => {
          parameters.delete('code');
          parameters.set('error', 'login_required');
        });
      },
    };
    const first = await open(`${origin}/app/items/5`, options);
    const login = getOnlyLogin(first.left);
    expect(new URL(login).searchParams.get('redirect_uri')).toBe(redirectUri);
    expect(requests[0]?.get('redirect_uri')).toBe(redirectUri.replace('callback', 'silent-callback.html'));
    const page = await open(provider.approve(login), options);
    await shows(page, '/items/5');
  });

  test('handleCallback returns a URL of the router', async () => {
    const { open, provider } = await createTab();
    const page = await open(`${origin}/app/app/users`, {
      routes: [{ path: '**', component: EmptyPage }],
      base: '/app/',
      config: { redirectUri: 'com.example:/cb' },
    });
    await page.auth.login();
    const { returnTo } = await page.auth.handleCallback(provider.approve(getOnlyLogin(page.left)));
    expect(returnTo).toBe('/app/users');
  });
});

describe('while the provider is unavailable', () => {
  test.each(['503', '404', 'HTML', 'no network'])(
    '(%s) the first navigation keeps its address and tries again',
    async (kind) => {
      const tab = await createTab();
      let attempts = 0;
      let isDown = true;
      const fetch: NonNullable<AuthConfig['fetch']> = async (url, init) => {
        if (!isDown) return tab.provider.fetch(url, init);
        attempts++;
        if (kind === 'HTML') return new Response('<h1>Unknown host</h1>');
        if (kind !== 'no network') return new Response(null, { status: Number(kind) });
        throw new TypeError('Failed to fetch');
      };
      const page = await tab.open(`${origin}/items?a=b#c`, {
        routes: guarded,
        config: { fetch },
        until: () => vi.waitFor(() => expect(attempts).toBe(1)),
      });
      await vi.waitFor(() => expect(page.auth.error()?.name).toMatch(/^(Transport|Validation)Error$/));
      dispatch('focus');
      await vi.waitFor(() => expect(attempts).toBeGreaterThan(1));
      expect(page.left).toEqual([]);
      expect(location.href).toBe(`${origin}/items?a=b#c`);
      isDown = false;
      await vi.waitFor(() => {
        dispatch('online');
        expect(page.left).toHaveLength(1);
      });
      const returned = await tab.open(tab.provider.approve(getOnlyLogin(page.left)), { routes: guarded });
      await shows(returned, '/items?a=b#c');
    },
  );

  test('the error route is shown, and the address bar keeps the requested page', async () => {
    const tab = await createTab();
    const routes: Routes = [{ path: 'login-failed', component: EmptyPage }, ...guarded];
    const fetch = async () => new Response(null, { status: 503 });
    const config = { errorRoute: '/login-failed', fetch };
    const page = await tab.open(`${origin}/items`, { routes, config });
    await shows(page, '/login-failed');
    expect([location.href, page.left]).toEqual([`${origin}/items`, []]);
    expect(page.auth.error()).toMatchObject({ code: 'server_error' });
  });

  test('a later navigation is canceled, and the page does not change', async () => {
    const tab = await createTab();
    const routes: Routes = [{ path: '', component: EmptyPage }, ...guarded];
    const page = await tab.open(`${origin}/`, {
      routes,
      config: { fetch: async () => new Response(null, { status: 503 }) },
    });
    expect(await page.router.navigateByUrl('/items')).toBe(false);
    expect(page.router.url).toBe('/');
  });
});

test('provideAuth in the providers of a route throws an error that names the cause', async () => {
  const tab = await createTab();
  const issuer = 'https://login.example';
  const routes: Routes = [
    { path: '', component: EmptyPage },
    {
      path: 'reports',
      providers: [provideAuth({ issuer, clientId: 'reports' }, withClientName('reports'))],
      canActivate: [authGuardFor('reports')],
      component: EmptyPage,
    },
  ];
  const page = await tab.open(`${origin}/`, { routes });
  const errors: unknown[] = [];
  page.router.events.subscribe((event) => 'error' in event && errors.push(event.error));
  expect(await page.router.navigateByUrl('/reports')).toBe(false);
  expect(errors).toEqual([
    expect.objectContaining({
      code: 'wrong_context',
      message: expect.stringMatching(/providers of a route/),
    }),
  ]);
});

test('a login requests the resource and the scope of each entry of apis', async () => {
  const tab = await createTab();
  const apis = [
    { url: 'https://api.example.com', resource: 'https://api.example.com/', scope: 'items:read' },
    { url: 'https://reports.example.com', resource: 'https://reports.example.com/', scope: 'reports:read' },
  ];
  const page = await tab.open(`${origin}/items`, { routes: guarded, config: { apis } });
  const { searchParams } = new URL(getOnlyLogin(page.left));
  expect(searchParams.getAll('resource')).toEqual([
    'https://api.example.com/',
    'https://reports.example.com/',
  ]);
  expect(searchParams.get('scope')).toBe('openid items:read reports:read');
});
