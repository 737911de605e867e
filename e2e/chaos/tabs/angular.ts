import type { BrowserContext, Page, Request } from '@playwright/test';
import { expectItems, logIn } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import type { DemoUser } from '../../support/provider.ts';

export async function logInAngular(context: BrowserContext, user: DemoUser): Promise<Page> {
  const page = await context.newPage();
  await logIn(page, user);
  return page;
}

/** Opens another tab, which is signed in like the others. */
export async function openItems(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${urls.angularSpa}/items`);
  await expectItems(page);
  return page;
}

/**
 * Requests the items from the page.
 *
 * @returns A function that waits for the status of the response, or for the reason why there is none.
 */
export async function requestItems(page: Page): Promise<() => Promise<number | string>> {
  const isItemsRequest = (request: Request) =>
    request.url() === `${urls.nestApi}/items` && request.method() === 'GET';
  const problem = page.getByRole('region', { name: 'On the list' }).getByRole('alert');
  const response = new Promise<number | string>((resolve) => {
    page.on('response', (response) => isItemsRequest(response.request()) && resolve(response.status()));
    page.on(
      'requestfailed',
      (request) => isItemsRequest(request) && resolve(`${request.failure()?.errorText}`),
    );
    // A request without a token is not sent. The page shows the reason.
    problem.waitFor({ timeout: 60_000 }).then(
      async () => resolve(`${await problem.textContent()}`),
      () => resolve('no response within a minute'),
    );
  });
  // A real click waits until the tab is painted.
  await page.getByRole('button', { name: 'Reload' }).dispatchEvent('click');
  return () => response;
}

/** Waits for the tab that sends the first refresh request. */
export const waitForFirstRefresh = async (context: BrowserContext): Promise<Page> =>
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
