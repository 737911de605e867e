import type { BrowserContext, Page, Request } from '@playwright/test';
import { itemsAreShown, signIn } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import type { DemoUser } from '../../support/provider.ts';

export async function signInAngular(context: BrowserContext, user: DemoUser): Promise<Page> {
  const page = await context.newPage();
  await signIn(page, user);
  return page;
}

/** One more tab, signed in like the others. */
export async function openItems(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${urls.angularSpa}/items`);
  await itemsAreShown(page);
  return page;
}

/**
 * Asks the API from the page.
 *
 * @returns the status of its answer, or why there is none
 */
export async function askForItems(page: Page): Promise<() => Promise<number | string>> {
  const isMeant = (request: Request) =>
    request.url() === `${urls.nestApi}/items` && request.method() === 'GET';
  const problem = page.getByRole('region', { name: 'On the list' }).getByRole('alert');
  const answer = new Promise<number | string>((resolve) => {
    page.on('response', (response) => isMeant(response.request()) && resolve(response.status()));
    page.on('requestfailed', (request) => isMeant(request) && resolve(`${request.failure()?.errorText}`));
    // A request that gets no token is never sent; the page says why.
    problem.waitFor({ timeout: 60_000 }).then(
      async () => resolve(`${await problem.textContent()}`),
      () => resolve('nothing within a minute'),
    );
  });
  // Not a click of the mouse: that waits until the tab is drawn.
  await page.getByRole('button', { name: 'Reload' }).dispatchEvent('click');
  return () => answer;
}

/** The tab whose refresh request leaves first. */
export const firstToRefresh = async (context: BrowserContext): Promise<Page> =>
  (
    await context.waitForEvent('request', {
      predicate: (request) =>
        request.url() === `${urls.identityProvider}/token` &&
        request.method() === 'POST' &&
        (request.postData() ?? '').includes('grant_type=refresh_token'),
      timeout: 60_000,
    })
  )
    .frame()
    .page();
