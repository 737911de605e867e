import { expect, type Page, test } from '@playwright/test';
import { signedIn, signIn } from '../support/angular-spa.ts';
import { recentLogin, urls } from '../support/environment.ts';
import { alice, bob, signInAtProvider } from '../support/provider.ts';

// What the library can do beyond login and call, each shown by the application.

const base = urls.angularSpa;
test.use({ baseURL: base });

/** The next request from the page to a route of the API; the browser's own questions about CORS do not count. */
const nextCall = (page: Page, path: string, method = 'GET') =>
  page.waitForRequest((request) => request.url() === `${urls.nestApi}${path}` && request.method() === method);

/** The scopes in an access token, as the API reads them. */
function scopesIn(authorization: string | undefined): string[] {
  const payload = (authorization ?? '').split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString()).scope.split(' ');
}

test('an API that wants a recent login gets one, and the user is back where the wish was made', async ({
  page,
}) => {
  test.setTimeout(120_000);
  await signIn(page);
  await page.getByLabel('New item').fill('Soon deleted');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('link', { name: 'Delete all items' }).click();
  // The API allows for clocks that differ by thirty seconds.
  await page.waitForTimeout((recentLogin + 31) * 1000);
  const refusal = page.waitForResponse(
    (answer) => answer.request().method() === 'DELETE' && answer.status() === 401,
  );
  await page.getByRole('button', { name: 'Delete all items' }).click();
  const challenge = (await refusal).headers()['www-authenticate'] ?? '';
  expect(challenge).toContain('error="insufficient_user_authentication"');
  expect(challenge).toContain(`max_age="${recentLogin}"`);
  // The provider knows the user, and asks for the password all the same.
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await signInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/items/clear`);
  await page.getByRole('button', { name: 'Delete all items' }).click();
  await expect(page).toHaveURL(`${base}/items`);
  await expect(page.getByText('Nothing yet')).toBeVisible();
});

test('a page for who may write is not shown to who may only read', async ({ page }) => {
  await signIn(page, bob);
  await page.goto('/items/clear');
  await expect(page.getByRole('heading', { name: 'Not with this account' })).toBeVisible();
  await expect(page.getByText('signed in as Bob Baker')).toBeVisible();
});

test('an entry with a narrower scope gets a token that can do no more', async ({ page }) => {
  const items = nextCall(page, '/items');
  await signIn(page);
  expect(scopesIn((await (await items).allHeaders()).authorization)).toEqual(['items:read', 'items:write']);
  const me = nextCall(page, '/me');
  await page.getByRole('link', { name: 'Profile' }).click();
  await expect(page.getByRole('list', { name: 'Scopes that the API sees' }).getByRole('listitem')).toHaveText(
    ['items:read'],
  );
  expect(scopesIn((await (await me).allHeaders()).authorization)).toEqual(['items:read']);
  // The login itself has not become narrower by it.
  await expect(page.getByRole('list', { name: 'Granted scopes' })).toContainText('items:write');
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await page.getByLabel('New item').fill('Written all the same');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('Written all the same').first()).toBeVisible();
});

test('an optional entry lets guests ask without a token, and shows the token of everybody else', async ({
  page,
}) => {
  const asGuest = nextCall(page, '/health');
  await page.goto('/');
  expect((await (await asGuest).allHeaders()).authorization).toBeUndefined();
  await expect(page.getByText('The API is up')).toBeVisible();
  await signIn(page);
  const asUser = nextCall(page, '/health');
  await page.getByRole('link', { name: 'Countersign' }).click();
  expect((await (await asUser).allHeaders()).authorization).toMatch(/^Bearer ey/);
});

test('*authSignedIn shows nothing until it is known who is there, then one of the two', async ({ page }) => {
  const guest = page.getByRole('heading', { name: /Sign in, call an API/ });
  const user = page.getByRole('heading', { name: /Good to see you, Alice Archer/ });
  await page.goto('/');
  await expect(guest).toBeVisible();
  await expect(user).toHaveCount(0);
  await signIn(page);
  const seen: string[] = [];
  await page.exposeFunction('report', (text: string) => seen.push(text));
  await page.addInitScript(() => {
    const report = (globalThis as unknown as { report(text: string): void }).report;
    new MutationObserver(() => report(document.body?.textContent ?? '')).observe(document, {
      childList: true,
      subtree: true,
    });
  });
  await page.goto('/');
  await expect(user).toBeVisible();
  await expect(guest).toHaveCount(0);
  expect(seen.some((text) => text.includes('Open your items'))).toBe(true);
  expect(seen.filter((text) => text.includes('Sign in, call an API'))).toEqual([]);
});

test('events tell of logins and refreshes', async ({ page }) => {
  await signIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('button', { name: 'Renew now' }).click();
  await expect(page.getByRole('button', { name: 'Renew now' })).toBeEnabled();
  await page.getByRole('link', { name: 'Activity' }).click();
  const events = page.getByRole('region', { name: 'Events' }).getByRole('listitem');
  for (const type of ['login.succeeded', 'refresh.started', 'refresh.succeeded'])
    await expect(events.filter({ hasText: type }).first()).toBeVisible();
  await signedIn(page);
});
