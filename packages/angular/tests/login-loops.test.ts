import { inject } from '@angular/core';
import { Router, type Routes } from '@angular/router';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { getOnlyLogin } from '../../core/tests/support/browser/visited-urls.ts';
import { authGuard } from '../src/guards/auth-guard.ts';
import { createTab, EmptyPage, type PageOptions, type TestPage } from './support/routed-app.ts';

const origin = 'https://app.example';
const guarded: Routes = [{ path: '**', canActivate: [authGuard], component: EmptyPage }];

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Waits until the first navigation after a login has ended. */
const shows = (page: TestPage, url: string) =>
  vi.waitFor(() => {
    expect(page.router.url).toBe(url);
    expect(page.router.currentNavigation()).toBeNull();
  });

describe('a failed login', () => {
  type Tab = Awaited<ReturnType<typeof createTab>>;
  const deny = (url: string, provider: Tab['provider']) =>
    provider.approve(url, (parameters) => {
      parameters.delete('code');
      parameters.set('error', 'access_denied');
    });

  /** Follows redirects as a browser does, until a page is shown. @returns the page and the count of logins */
  async function follow({ open, provider }: Tab, options: PageOptions, respond: (url: string) => string) {
    let page = await open(`${origin}/items`, options);
    let logins = 0;
    while (page.left.length > 0 && logins < 28) {
      logins += page.left.length;
      page = await open(respond(getOnlyLogin(page.left)), options);
      await page.auth.whenReady();
    }
    return { page, logins, provider };
  }

  test.each([
    ['a guarded redirect URI', { redirectUri: origin }],
    ['a guarded "**"', {}],
  ])(
    'with %s and access_denied: the guard throws the error, and starts no other login',
    async (_, config) => {
      const tab = await createTab();
      const { page, logins } = await follow(tab, { routes: guarded, config }, (url) =>
        deny(url, tab.provider),
      );
      expect(logins).toBe(1);
      expect(page.errors).toContainEqual(expect.objectContaining({ error: 'access_denied' }));
      expect(page.auth.error()).toMatchObject({ error: 'access_denied' });
    },
  );

  test('with a wrong clock: the guard shows the error route, even if it is guarded "**"', async () => {
    const tab = await createTab();
    tab.provider.claims = (claims) => ({ ...claims, iat: 1, exp: 2 });
    const open: Routes = [{ path: 'login-failed', component: EmptyPage }, ...guarded];
    const approve = (url: string) => tab.provider.approve(url);
    const shown = await follow(tab, { routes: open, config: { errorRoute: '/login-failed' } }, approve);
    expect([shown.logins, shown.page.router.url, shown.page.errors]).toEqual([1, '/login-failed', []]);
    expect(shown.page.auth.error()).toMatchObject({ code: 'id_token_invalid' });
    // "Try again" returns to the page that was requested first.
    tab.provider.claims = (claims) => claims;
    await shown.page.auth.login();
    const page = await tab.open(approve(getOnlyLogin(shown.page.left)), { routes: open });
    await shows(page, '/items');

    tab.provider.claims = (claims) => ({ ...claims, iat: 1, exp: 2 });
    const guardedError = await follow(
      tab,
      { routes: guarded, config: { errorRoute: '/login-failed' } },
      approve,
    );
    expect(guardedError.logins).toBe(1);
    expect(guardedError.page.errors).toContainEqual(expect.objectContaining({ code: 'id_token_invalid' }));
  });

  describe('although the tab still reports the input to an earlier page', () => {
    const activity = (isActive: boolean) =>
      vi.stubGlobal('navigator', { userActivation: { hasBeenActive: true, isActive } });

    test.each([
      ['access_denied', (tab: Tab) => (url: string) => deny(url, tab.provider)],
      ['a wrong clock', (tab: Tab) => (url: string) => tab.provider.approve(url)],
    ])('%s: a guarded "**" throws the error, and starts no other login', async (_, createResponse) => {
      for (const isActive of [false, true]) {
        activity(isActive);
        const tab = await createTab();
        tab.provider.claims = (claims) => ({ ...claims, iat: 1, exp: 2 });
        const { page, logins } = await follow(tab, { routes: guarded }, createResponse(tab));
        expect(logins).toBe(1);
        expect(page.errors).toHaveLength(1);
        // A click of the user starts a login, although no page was shown.
        activity(true);
        void page.router.navigateByUrl('/items');
        await vi.waitFor(() => expect(page.left).toHaveLength(1));
      }
    });

    test('a guard that redirects the first navigation to the protected page causes one more login', async () => {
      activity(true);
      const tab = await createTab();
      const redirect: Routes = [
        { path: 'callback', canActivate: [() => inject(Router).parseUrl('/items')], component: EmptyPage },
        ...guarded,
      ];
      const { logins } = await follow(tab, { routes: redirect }, (url) => deny(url, tab.provider));
      expect(logins).toBe(2);
    });

    test('a page that opens the protected page by itself starts one login, until the user is signed in', async () => {
      activity(false);
      const tab = await createTab();
      const routes: Routes = [{ path: 'callback', component: EmptyPage }, ...guarded];
      const errors: unknown[] = [];
      const open: Tab['open'] = async (href, options) => {
        const page = await tab.open(href, options);
        if (!href.includes('/callback') || page.auth.isSignedIn()) return page;
        page.router.events.subscribe((event) => 'error' in event && errors.push(event.error));
        const isStarted = vi.waitFor(() => expect(page.left).not.toEqual([]));
        await Promise.race([page.router.navigateByUrl('/items'), isStarted]);
        return page;
      };
      const denied = await follow({ ...tab, open }, { routes }, (url) => deny(url, tab.provider));
      expect([denied.logins, errors]).toEqual([2, [expect.objectContaining({ error: 'access_denied' })]]);
      await denied.page.auth.login();
      const callback = tab.provider.approve(getOnlyLogin(denied.page.left));
      await shows(await tab.open(callback, { routes }), '/items');
      const later = await follow({ ...tab, open }, { routes }, (url) => deny(url, tab.provider));
      expect(later.logins).toBe(2);
    });
  });

  test('a browser without userActivation starts a login each time that a protected page is opened', async () => {
    vi.stubGlobal('navigator', {});
    const tab = await createTab();
    const routes: Routes = [{ path: 'callback', component: EmptyPage }, ...guarded];
    for (let attempts = 0; attempts < 2; attempts++) {
      const { page, logins } = await follow(tab, { routes }, (url) => deny(url, tab.provider));
      expect(logins).toBe(1);
      void page.router.navigateByUrl('/items');
      await vi.waitFor(() => expect(page.left).toHaveLength(1));
    }
  });

  test('does not stop the login of a user who then opens a protected page', async () => {
    const tab = await createTab();
    const routes: Routes = [{ path: 'callback', component: EmptyPage }, ...guarded];
    const { page, logins } = await follow(tab, { routes }, (url) => deny(url, tab.provider));
    expect([logins, page.router.url]).toEqual([1, '/callback']);
    vi.stubGlobal('navigator', { userActivation: { hasBeenActive: false } });
    // The callback page itself navigates, without the user.
    expect(await page.router.navigateByUrl('/items')).toBe(false);
    expect(page.left).toEqual([]);
    vi.stubGlobal('navigator', { userActivation: { hasBeenActive: true } });
    void page.router.navigateByUrl('/items');
    await vi.waitFor(() => expect(page.left).toHaveLength(1));
  });
});
