import { expect, type Page, type Request, test } from '@playwright/test';
import { findLogin, holdVisibleLogins, logIn } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, bob, logInAtProvider } from '../../support/provider.ts';

// Guards: access to pages, and the return to the requested URL after login.

const base = urls.angularSpa;
test.use({ baseURL: base });

/** Records every text that the page shows. */
async function recordTexts(page: Page): Promise<readonly string[]> {
  const texts: string[] = [];
  await page.exposeFunction('report', (text: string) => texts.push(text));
  await page.addInitScript(() => {
    const report = (globalThis as unknown as { report(text: string): void }).report;
    new MutationObserver(() => report(document.body?.textContent ?? '')).observe(document, {
      childList: true,
      subtree: true,
    });
  });
  return texts;
}

/**
 * Opens a page that starts a login, and delays the navigation until all other requests have completed. The page then
 * shows everything that a guard permits too early.
 *
 * @returns The URL of the login.
 */
async function holdLogin(page: Page, returnTo: string, open: () => Promise<unknown>): Promise<string> {
  const pending = new Set<Request>();
  page.on('request', (request) => pending.add(request));
  for (const end of ['requestfinished', 'requestfailed'] as const)
    page.on(end as 'requestfinished', (request) => pending.delete(request));
  const logins = await holdVisibleLogins(page);
  await open();
  const login = await findLogin(page, logins, returnTo);
  await expect.poll(() => [logins.length, pending.size]).toEqual([1, 0]);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  await page.unrouteAll();
  return login;
}

for (const { use, path, heading } of [
  { use: 'canMatch', path: '/items', heading: 'Your items' },
  { use: 'canActivate', path: '/profile', heading: 'Your profile' },
  { use: 'canActivateChild', path: '/security', heading: 'Confirm your identity' },
  { use: 'canActivateChild', path: '/security/tokens', heading: 'As observables' },
]) {
  test(`authGuard as ${use}: hides ${path} from signed-out users, and opens it after login with its query and fragment`, async ({
    page,
  }) => {
    const texts = await recordTexts(page);
    const requestedPath = `${path}?filter=open&x=a%26b#second`;
    const login = await holdLogin(page, requestedPath, () => page.goto(requestedPath));
    expect(texts.some((text) => text.includes('Countersign'))).toBe(true);
    expect(texts.filter((text) => text.includes(heading))).toEqual([]);
    await page.goto(login);
    await logInAtProvider(page, alice);
    await expect(page.getByRole('heading', { name: heading })).toBeVisible();
    expect(page.url()).toBe(`${base}${requestedPath}`);
    await expect.poll(() => texts.some((text) => text.includes(heading))).toBe(true);
  });

  test(`authGuard as ${use}: a signed-out user who navigates to ${path} stays on the current page until login`, async ({
    page,
  }) => {
    const texts = await recordTexts(page);
    await page.goto('/activity');
    await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
    const login = await holdLogin(page, path, () =>
      // Navigates as a link of the application does, without loading the page.
      page.evaluate((path) => {
        history.pushState(null, '', path);
        dispatchEvent(new PopStateEvent('popstate', { state: null }));
      }, path),
    );
    await expect(page.getByRole('heading', { name: 'Activity' })).toBeVisible();
    expect(texts.filter((text) => text.includes(heading))).toEqual([]);
    await page.goto(login);
    await logInAtProvider(page, alice);
    await expect(page).toHaveURL(`${base}${path}`);
    await expect(page.getByRole('heading', { name: heading })).toBeVisible();
  });
}

test('scopeGuard: hides a page that needs the write scope from a user with the read scope', async ({
  page,
}) => {
  await logIn(page, bob);
  await page.goto('/items/clear');
  await expect(page.getByRole('heading', { name: 'Access denied' })).toBeVisible();
  await expect(page.getByText('signed in as Bob Baker')).toBeVisible();
});

test('claimGuard: opens a page only to a user with a verified address', async ({ page, context }) => {
  await logIn(page, bob);
  await page.getByRole('link', { name: 'Reports' }).click();
  await expect(page).toHaveURL(`${base}/forbidden`);
  await expect(page.getByText('The e-mail address of this account is not verified')).toBeVisible();
  // Also when opened by its URL, after the login is restored.
  await page.goto('/reports');
  await expect(page).toHaveURL(`${base}/forbidden`);
  await context.clearCookies();
  await page.goto('/reports');
  await logInAtProvider(page, alice);
  await expect(page.getByRole('heading', { name: 'Reports', exact: true })).toBeVisible();
  expect(page.url()).toBe(`${base}/reports`);
});

test('the page about missing permissions redirects a user who has them', async ({ page }) => {
  await page.goto('/forbidden');
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  await logIn(page);
  await page.goto('/forbidden');
  await expect(page.getByRole('heading', { name: 'You have access to all pages' })).toBeVisible();
  await expect(page.getByText('cannot change items')).toHaveCount(0);
});

test('*authSignedIn shows nothing until the state is known, then one of the two templates', async ({
  page,
}) => {
  const signedOutHeading = page.getByRole('heading', { name: /Log in and call an API/ });
  const user = page.getByRole('heading', { name: /Welcome, Alice Archer/ });
  await page.goto('/');
  await expect(signedOutHeading).toBeVisible();
  await expect(user).toHaveCount(0);
  await logIn(page);
  const texts = await recordTexts(page);
  await page.goto('/');
  await expect(user).toBeVisible();
  await expect(signedOutHeading).toHaveCount(0);
  expect(texts.some((text) => text.includes('Open your items'))).toBe(true);
  expect(texts.filter((text) => text.includes('Log in and call an API'))).toEqual([]);
});
