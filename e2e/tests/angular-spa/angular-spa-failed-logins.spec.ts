import { expect, type Page, test } from '@playwright/test';
import { expectItems, isVisibleLogin, signedOut } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, logInAtProvider } from '../../support/provider.ts';

// After a failed login, a guard starts at most one other login until the user asks for it. The browsers differ in what they
// report about input of the user to the previous page of a tab.

const base = urls.angularSpa;
test.use({ baseURL: base });

/** Enough to show a loop. */
const maxLogins = 4;

/**
 * Returns each login to the application at once, without a page for the user, as a provider with a session does.
 *
 * @param parameters - The authorization response.
 * @returns The authorization requests.
 */
async function failLogins(page: Page, parameters: Readonly<Record<string, string>>): Promise<readonly URL[]> {
  const logins: URL[] = [];
  await page.route(`${urls.identityProvider}/auth?**`, async (route) => {
    const request = route.request();
    if (!isVisibleLogin(page)(request)) return route.continue();
    const login = new URL(request.url());
    logins.push(login);
    if (logins.length >= maxLogins) return route.fulfill({ status: 204 });
    const callback = new URL(login.searchParams.get('redirect_uri') ?? '');
    const state = login.searchParams.get('state') ?? '';
    callback.search = String(new URLSearchParams({ ...parameters, state, iss: urls.identityProvider }));
    return route.fulfill({ status: 302, headers: { location: callback.href } });
  });
  return logins;
}

/**
 * Makes the callback page of a failed login open a protected page by itself, as a link of the application does.
 *
 * The pages report by a request that the failure is shown in place of the protected page: what Playwright evaluates in a page
 * of Chromium counts as input of the user.
 *
 * @returns A function that checks whether there was a report.
 */
async function openItemsAfterFailure(page: Page): Promise<() => boolean> {
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('h1')?.textContent !== 'Login failed') return;
      if (location.pathname === '/callback') {
        history.pushState(null, '', '/items');
        dispatchEvent(new PopStateEvent('popstate', { state: null }));
      } else if (document.title.startsWith('Login failed')) {
        observer.disconnect();
        void fetch('/failure-shown');
      }
    }).observe(document, { childList: true, subtree: true });
  });
  let isShown = false;
  page.on('request', (request) => {
    if (request.url() === `${base}/failure-shown`) isShown = true;
  });
  return () => isShown;
}

const openings: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  'a click on a link': async (page) => {
    await page.goto('/');
    await signedOut(page);
    await page.getByRole('link', { name: 'Items', exact: true }).click();
  },
  'its address': (page) => page.goto('/items', { waitUntil: 'commit' }),
};

const responses: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  access_denied: { error: 'access_denied' },
  server_error: { error: 'server_error' },
  'a code that the token endpoint rejects': { code: 'unknown' },
};

for (const [opening, open] of Object.entries(openings))
  for (const [response, parameters] of Object.entries(responses))
    test(`authGuard: after ${opening} and ${response}, starts at most one login by itself, and "Log in again" opens the wanted page`, async ({
      page,
    }) => {
      const logins = await failLogins(page, parameters);
      const isFailureShown = await openItemsAfterFailure(page);
      await open(page);
      await expect.poll(() => logins.length >= maxLogins || isFailureShown()).toBe(true);
      // The first login is the one that the user has asked for.
      expect(logins.length).toBeLessThanOrEqual(2);
      // The address bar keeps the page that was wanted.
      expect(page.url()).toBe(`${base}/items`);
      await expect(page.getByRole('heading', { name: 'Login failed' })).toBeVisible();
      await page.unrouteAll();
      await page.getByRole('button', { name: 'Log in again' }).click();
      await logInAtProvider(page, alice);
      await expectItems(page);
      expect(page.url()).toBe(`${base}/items`);
    });
