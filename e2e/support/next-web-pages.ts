import { type BrowserContext, expect, type Page } from '@playwright/test';
import { urls } from './environment.ts';
import { alice, type DemoUser, logInAtProvider } from './provider.ts';

const base = urls.nextWeb;

/** Opens the dashboard, logs in at the provider and returns to the dashboard. */
export async function logIn(page: Page, user: DemoUser = alice): Promise<void> {
  await page.goto('/dashboard');
  await logInAtProvider(page, user);
  await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
}

/** Logs out in the application and at the provider. */
export async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Log out' }).first().click();
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await page.getByRole('button').first().click();
  await page.waitForURL((url) => url.origin === base);
}

/** Reads the session cookie with all its chunks. */
export async function readSessionCookie(context: BrowserContext): Promise<string> {
  const cookies = (await context.cookies(base)).filter(({ name }) => /^session(\.\d)?$/.test(name));
  return cookies.map(({ value }) => value).join('');
}
