import { expect, type Page, type Request } from '@playwright/test';
import { patience, urls } from './environment.ts';
import { alice, type DemoUser, logInAtProvider, tokenRequests } from './provider.ts';

/** Opens a protected page, logs in at the provider and returns to the page. */
export async function logIn(page: Page, user: DemoUser = alice): Promise<void> {
  await page.goto('/items');
  await logInAtProvider(page, user);
  await expectItems(page);
}

export const expectItems = (page: Page) =>
  expect(page.getByRole('button', { name: 'Reload' })).toBeVisible(patience);
export const signedIn = (page: Page) => expect(page.getByRole('button', { name: 'Log out' })).toBeVisible();
export const signedOut = (page: Page) =>
  expect(page.getByRole('button', { name: 'Log in', exact: true })).toBeVisible();

/** Reloads the items and returns the status of the API response. */
export async function reloadItems(page: Page): Promise<number> {
  const response = page.waitForResponse(
    (candidate) => candidate.url() === `${urls.nestApi}/items` && candidate.request().method() === 'GET',
  );
  await page.getByRole('button', { name: 'Reload' }).click();
  return (await response).status();
}

/** Matches the request that starts a login with a redirect. A silent login requests the same URL in a frame. */
export const isVisibleLogin = (page: Page) => (request: Request) =>
  request.url().startsWith(`${urls.identityProvider}/auth?`) && request.frame() === page.mainFrame();

/** Records the authorization requests that would leave the page, and keeps the page. */
export async function holdVisibleLogins(page: Page): Promise<readonly URL[]> {
  const logins: URL[] = [];
  await page.route(`${urls.identityProvider}/auth?**`, async (route) => {
    const request = route.request();
    if (!isVisibleLogin(page)(request)) return route.continue();
    logins.push(new URL(request.url()));
    await route.fulfill({ status: 204 });
  });
  return logins;
}

/** Waits for the login that returns to a path, and identifies its authorization request by the `state`. */
export async function findLogin(page: Page, logins: readonly URL[], returnTo: string): Promise<string> {
  let login: URL | undefined;
  await expect
    .poll(async () => {
      const states = await readPendingStates(page, returnTo);
      login = logins.find(({ searchParams }) => states.includes(searchParams.get('state') ?? ''));
      return login !== undefined;
    }, `an authorization request that returns to ${returnTo}`)
    .toBe(true);
  return login?.href ?? '';
}

/** Reads the `state` of each pending login of the tab that returns to a path. */
const readPendingStates = (page: Page, returnTo: string): Promise<string[]> =>
  page.evaluate(
    (returnTo) =>
      Object.entries(sessionStorage)
        .filter(([name]) => name.startsWith('countersign ') && name.includes(' login '))
        .map(([, text]): { state: string; returnTo: string } => JSON.parse(text))
        .filter((transaction) => transaction.returnTo === returnTo)
        .map(({ state }) => state),
    returnTo,
  );

/** The refresh requests of the application after a line of the log. */
export const refreshes = (since: number) => tokenRequests('angular-spa', 'refresh_token', since);
