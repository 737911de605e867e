import type { Routes } from '@angular/router';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { getOnlyLogin } from '../../core/tests/support/browser/visited-urls.ts';
import type { AuthConfig } from '../src/config/auth-config.ts';
import { withRefreshTokens, withSilentLogin } from '../src/config/auth-features.ts';
import { authGuard } from '../src/guards/auth-guard.ts';
import { scopeGuard } from '../src/guards/permission-guards.ts';
import { createTab, dispatch, EmptyPage, type PageOptions, type TestPage } from './support/routed-app.ts';

const origin = 'https://app.example';
const guarded: Routes = [{ path: '**', canActivate: [authGuard], component: EmptyPage }];

afterEach(() => void vi.unstubAllGlobals());

const shows = (page: TestPage, url: string) =>
  vi.waitFor(() => {
    expect(page.router.url).toBe(url);
    expect(page.router.currentNavigation()).toBeNull();
  });

describe('after the provider was unavailable', () => {
  const open: Routes = ['callback', 'login-failed', 'about'].map((path) => ({ path, component: EmptyPage }));

  /** Opens a page while the provider is unavailable. */
  async function openWithoutProvider(href: string | undefined, options: PageOptions) {
    const tab = await createTab();
    let isDown = false;
    const fetch: NonNullable<AuthConfig['fetch']> = async (url, init) =>
      isDown ? new Response(null, { status: 503 }) : tab.provider.fetch(url, init);
    const pageOptions = {
      ...options,
      config: { ...options.config, fetch },
      features: [withSilentLogin()],
      frame: (url: string) => tab.provider.approve(url),
    };
    const response =
      href ??
      tab.provider.approve(
        getOnlyLogin((await tab.open(`${origin}/items?x=1`, { routes: guarded, config: { fetch } })).left),
      );
    isDown = true;
    const page = await tab.open(response, pageOptions);
    await page.auth.whenReady();
    await vi.waitFor(() => expect(page.router.currentNavigation()).toBeNull());
    expect(page.auth.status()).toBe('error');
    const recover = () => {
      isDown = false;
      return vi.waitFor(() => {
        dispatch('online');
        expect(page.auth.status()).toBe('signed-in');
      });
    };
    return { page, recover };
  }

  test('the callback page is replaced with the page that the login wanted', async () => {
    const { page, recover } = await openWithoutProvider(undefined, { routes: [...open, ...guarded] });
    expect(page.router.url).toBe('/callback');
    await recover();
    await shows(page, '/items?x=1');
    expect([page.auth.error(), page.left]).toEqual([undefined, []]);
  });

  test.each([
    ['the callback page', undefined, '/items?x=1'],
    ['a protected page', `${origin}/orders?y=2#z`, '/orders?y=2#z'],
  ])('the error route of %s is replaced with the page that was wanted', async (_, href, expected) => {
    const routes: Routes = [{ path: 'login-failed', component: EmptyPage }, ...guarded];
    const config = { errorRoute: '/login-failed' };
    const { page, recover } = await openWithoutProvider(href, { routes, config });
    await shows(page, '/login-failed');
    await recover();
    await shows(page, expected);
    expect([page.auth.error(), page.left]).toEqual([undefined, []]);
  });

  test('a page that the user has opened meanwhile stays', async () => {
    const config = { errorRoute: '/login-failed' };
    const { page, recover } = await openWithoutProvider(undefined, { routes: [...open, ...guarded], config });
    await page.router.navigateByUrl('/about');
    await recover();
    await page.auth.whenReady();
    await shows(page, '/about');
  });
});

describe('two entries of apis with two resources', () => {
  const api = 'https://api.example.com/';
  const reports = 'https://reports.example.com/';
  const apis = [
    { url: api, resource: api, scope: 'items:read items:write' },
    { url: reports, resource: reports, scope: 'reports:read reports:write' },
  ];
  const options: PageOptions = {
    routes: [
      {
        path: 'reports',
        canActivate: [scopeGuard('items:read reports:read', { redirectTo: '/forbidden' })],
        component: EmptyPage,
      },
      { path: 'write', canActivate: [scopeGuard('reports:write')], component: EmptyPage },
      { path: '**', component: EmptyPage },
    ],
    config: { apis },
    features: [withRefreshTokens()],
  };

  /** Logs in at a provider that grants the scopes of the requested resource only. */
  async function logIn() {
    const tab = await createTab();
    const { provider } = tab;
    provider.body = (body) => {
      const resource = provider.tokenRequests.at(-1)?.parameters.get('resource');
      return { ...body, scope: resource === reports ? 'reports:read' : 'openid items:read' };
    };
    const first = await tab.open(`${origin}/`, options);
    await first.auth.login();
    const page = await tab.open(provider.approve(getOnlyLogin(first.left)), options);
    await shows(page, '/');
    return { page, provider };
  }

  test('scopeGuard uses the token of the resource', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { page, provider } = await logIn();
    expect(page.auth.scopes()).toEqual(['openid', 'items:read']);
    expect(await page.router.navigateByUrl('/reports')).toBe(true);
    expect(await page.router.navigateByUrl('/write')).toBe(false);
    expect(await page.router.navigateByUrl('/reports?again')).toBe(true);
    expect(provider.tokenRequests).toHaveLength(2);
  });

  test.each(['invalid_scope', 'invalid_target'])(
    'scopeGuard redirects if the provider rejects the token request with %s',
    async (error) => {
      vi.spyOn(console, 'warn').mockImplementation(() => {});
      const { page, provider } = await logIn();
      provider.intercept = () => Response.json({ error }, { status: 400 });
      expect(await page.router.navigateByUrl('/reports')).toBe(true);
      expect(page.router.url).toBe('/forbidden');
      expect(page.auth.status()).toBe('signed-in');
    },
  );

  test('the console names the missing scopes of the first resource, after each login', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const readWarnings = () => warn.mock.calls.flat().filter((text) => /did not grant/.test(String(text)));
    const { page, provider } = await logIn();
    const expected = expect.stringMatching(/scope "items:write" of the entry "https:\/\/api.example.com\/"/);
    expect(readWarnings()).toEqual([expected]);
    // A native app completes its login itself.
    await page.auth.logout({ localOnly: true });
    await page.auth.login();
    await page.auth.handleCallback(provider.approve(page.left.at(-1) ?? ''));
    expect(readWarnings()).toEqual([expected, expected]);
  });
});
