import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { logIn, signedIn, signedOut } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, bob } from '../../support/provider.ts';
import { onlyInChromium } from '../../support/tags.ts';

const base = urls.angularSpa;
test.use({ baseURL: base });

for (const colorScheme of ['light', 'dark'] as const) {
  // The ESR releases of Firefox cannot emulate the mode, and the pages are the same.
  test(`all pages are accessible in ${colorScheme} mode`, { tag: onlyInChromium }, async ({ browser }) => {
    // Checks sixteen states of pages.
    test.setTimeout(180_000);
    const context = await browser.newContext({ baseURL: base, colorScheme, bypassCSP: true });
    const page = await context.newPage();
    const check = async (heading: RegExp) => {
      await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    };
    await page.goto('/');
    await signedOut(page);
    await check(/Log in and call an API/);
    await logIn(page, bob);
    await check(/Your items/);
    await page.getByLabel('New item').fill('Not allowed');
    await page.getByRole('button', { name: 'Add' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await check(/Your items/);
    await page.goto('/profile');
    await signedIn(page);
    await expect(page.getByRole('list', { name: 'Scopes that the API received' })).toBeVisible();
    await check(/Your profile/);
    await page.goto('/security');
    await check(/Security/);
    await page.getByRole('link', { name: 'Tokens in code' }).click();
    await expect(page.getByRole('heading', { name: 'As observables' })).toBeVisible();
    await check(/Security/);
    await page.goto('/items/clear');
    await check(/Access denied/);
    await page.getByRole('link', { name: 'Activity' }).click();
    await expect(page.getByRole('region', { name: 'Events' }).getByRole('listitem')).not.toHaveCount(0);
    await check(/Activity/);
    await page.goto('/nowhere');
    await check(/Page not found/);
    await page.goto('/callback?code=a&state=b');
    await check(/Login failed/);
    await context.clearCookies();
    await logIn(page, alice);
    await page.goto('/items/clear');
    await check(/Delete all items/);
    await page.goto('/forbidden');
    await check(/You have access to all pages/);
    await page.goto('/reports');
    await signedIn(page);
    await check(/Reports/);
    await page.route('**/reports.json', (route) => route.fulfill({ status: 404 }));
    await page.goto('/');
    await check(/The app could not start/);
    await context.close();
  });
}

test('all pages fit the width of a phone', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await logIn(page);
  for (const path of ['/', '/items', '/profile', '/security', '/security/tokens', '/activity', '/reports']) {
    await page.goto(path);
    await signedIn(page);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByRole('main').getByText('Loading', { exact: true })).toHaveCount(0);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, path).toBeLessThanOrEqual(0);
  }
});
