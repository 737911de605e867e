import { expect, type Page, test } from '@playwright/test';
import { urls } from '../../support/environment.ts';

// A user who denies the login at the demo provider returns to a page of the application.

async function expectDenied(page: Page): Promise<void> {
  await expect(page).toHaveURL((url) => url.origin === urls.nextWeb && url.pathname === '/login-denied');
  await expect(page.getByRole('heading', { name: 'You are not logged in.' })).toBeVisible();
  const session = await page.context().request.get(`${urls.nextWeb}/auth/session`);
  expect(await session.json()).toEqual({ session: null });
}

async function enterPassword(page: Page): Promise<void> {
  await page.locator('input[name="login"]').fill('alice');
  await page.locator('input[name="password"]').fill('alice-demo');
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** The second login leads to the page that the user wanted. */
async function allow(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
}

test('a canceled login leads to the page for denied logins', async ({ page }) => {
  await page.goto('/profile');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expectDenied(page);
  await page.getByRole('link', { name: 'Log in again' }).click();
  await enterPassword(page);
  await allow(page);
});

test('a denied consent leads to the page for denied logins', async ({ page }) => {
  await page.goto('/profile');
  await enterPassword(page);
  await page.getByRole('button', { name: 'Deny' }).click();
  await expectDenied(page);
  await page.getByRole('link', { name: 'Log in again' }).click();
  await allow(page);
});
