import { expect, type Page, type Request } from '@playwright/test';
import { patience, urls } from './environment.ts';
import { alice, type DemoUser, signInAtProvider, tokenRequests } from './provider.ts';

/** From the protected page, by way of the provider, back to it. */
export async function signIn(page: Page, user: DemoUser = alice): Promise<void> {
  await page.goto('/items');
  await signInAtProvider(page, user);
  await itemsAreShown(page);
}

export const itemsAreShown = (page: Page) =>
  expect(page.getByRole('button', { name: 'Reload' })).toBeVisible(patience);
export const signedIn = (page: Page) => expect(page.getByRole('button', { name: 'Log out' })).toBeVisible();
export const signedOut = (page: Page) =>
  expect(page.getByRole('button', { name: 'Log in', exact: true })).toBeVisible();

/** Asks the API for the items, from the page, and waits for its answer. */
export async function reloadItems(page: Page): Promise<number> {
  const answer = page.waitForResponse(
    (response) => response.url() === `${urls.nestApi}/items` && response.request().method() === 'GET',
  );
  await page.getByRole('button', { name: 'Reload' }).click();
  return (await answer).status();
}

/** True for the request with which a page leaves for a login. A silent login asks the same address from a frame. */
export const isVisibleLogin = (page: Page) => (request: Request) =>
  request.url().startsWith(`${urls.identityProvider}/auth?`) && request.frame() === page.mainFrame();

/** The application's refreshes, since a number of log lines. */
export const refreshes = (since: number) => tokenRequests('angular-spa', 'refresh_token', since);
