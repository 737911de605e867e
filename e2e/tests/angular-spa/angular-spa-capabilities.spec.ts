import { expect, test } from '@playwright/test';
import { isVisibleLogin, logIn, refreshes, signedIn } from '../../support/angular-spa.ts';
import { recentLogin, urls } from '../../support/environment.ts';
import { alice, logInAtProvider, readLoggedRequests } from '../../support/provider.ts';
import { waitUntilRefreshIsDue } from '../../support/refresh-time.ts';
import { decodePayload, waitForCall } from '../../support/requests.ts';

// Features beyond login and API calls, each shown by the application.

const base = urls.angularSpa;
test.use({ baseURL: base });

const readScopes = (authorization: string | undefined) =>
  decodePayload(authorization).scope?.split(' ') ?? [];

test('insufficient_user_authentication: the user logs in again (RFC 9470) and returns to the same page', async ({
  page,
}) => {
  test.setTimeout(120_000);
  await logIn(page);
  await page.getByLabel('New item').fill('Soon deleted');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('link', { name: 'Delete all items' }).click();
  // The API allows a clock skew of 30 seconds.
  await page.waitForTimeout((recentLogin + 31) * 1000);
  const rejection = page.waitForResponse(
    (response) => response.request().method() === 'DELETE' && response.status() === 401,
  );
  await page.getByRole('button', { name: 'Delete all items' }).click();
  const challenge = (await rejection).headers()['www-authenticate'] ?? '';
  expect(challenge).toContain('error="insufficient_user_authentication"');
  expect(challenge).toContain(`max_age="${recentLogin}"`);
  // The provider requests the password although the user has a session there.
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await logInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/items/clear`);
  await page.getByRole('button', { name: 'Delete all items' }).click();
  await expect(page).toHaveURL(`${base}/items`);
  await expect(page.getByText('No items yet')).toBeVisible();
});

test('an entry with a narrower scope gets a token with only that scope', async ({ page }) => {
  const items = waitForCall(page, '/items');
  await logIn(page);
  expect(readScopes((await (await items).allHeaders()).authorization)).toEqual(['items:read', 'items:write']);
  const me = waitForCall(page, '/me');
  await page.getByRole('link', { name: 'Profile' }).click();
  await expect(
    page.getByRole('list', { name: 'Scopes that the API received' }).getByRole('listitem'),
  ).toHaveText(['items:read']);
  expect(readScopes((await (await me).allHeaders()).authorization)).toEqual(['items:read']);
  // The scopes of the login are unchanged.
  await expect(page.getByRole('list', { name: 'Granted scopes' })).toContainText('items:write');
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  await page.getByLabel('New item').fill('Written with the login scopes');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('Written with the login scopes').first()).toBeVisible();
});

test('an optional entry sends no token for signed-out users, and a token for signed-in users', async ({
  page,
}) => {
  const asGuest = waitForCall(page, '/health');
  await page.goto('/');
  expect((await (await asGuest).allHeaders()).authorization).toBeUndefined();
  await expect(page.getByText('The API is available')).toBeVisible();
  await logIn(page);
  const asUser = waitForCall(page, '/health');
  await page.getByRole('link', { name: 'Countersign' }).click();
  expect((await (await asUser).allHeaders()).authorization).toMatch(/^Bearer ey/);
});

test('emits events for logins and refreshes', async ({ page }) => {
  await logIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await expect(page.getByRole('button', { name: 'Refresh now' })).toBeEnabled();
  await page.getByRole('link', { name: 'Activity' }).click();
  const events = page.getByRole('region', { name: 'Events' }).getByRole('listitem');
  for (const type of ['login.succeeded', 'refresh.started', 'refresh.succeeded'])
    await expect(events.filter({ hasText: type }).first()).toBeVisible();
  await signedIn(page);
});

test('signals contain the user, the claims and the expiry of the token', async ({ page }) => {
  await logIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await expect(page.getByRole('heading', { name: 'Alice Archer' })).toBeVisible();
  const claims = page.getByRole('region', { name: 'Claims' });
  await expect(claims.getByRole('term').filter({ hasText: 'email_verified' })).toBeVisible();
  await expect(claims.getByText(urls.identityProvider)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Granted scopes' })).toContainText('items:write');
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await expect(page.getByTestId('seconds-left')).toHaveText(/^\d+$/);
});

test('stepUp(): the user authenticates again and returns to the page', async ({ page }) => {
  await logIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('link', { name: 'Security' }).click();
  await expect(page.getByText('You have been signed in for a while')).toBeVisible();
  const login = page.waitForRequest(isVisibleLogin(page));
  await page.getByRole('button', { name: 'Enter your password again' }).click();
  expect(new URL((await login).url()).searchParams.get('max_age')).toBe('0');
  await logInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/security`);
  await expect(page.getByTestId('confirmed-at')).toHaveText(/^\d\d:\d\d:\d\d$/);
  await signedIn(page);
});

test('getAccessToken(): returns a token for the requested resource and scope', async ({ page }) => {
  await logIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('link', { name: 'Security' }).click();
  await page.getByRole('link', { name: 'Tokens in code' }).click();
  const call = waitForCall(page, '/me');
  await page.getByRole('button', { name: 'Call with fetch' }).click();
  await expect(page.getByRole('list', { name: 'Scopes with fetch' })).toHaveText('items:read');
  expect(decodePayload((await (await call).allHeaders()).authorization)).toMatchObject({
    aud: 'https://api.countersign.example',
    scope: 'items:read',
  });
});

test('injectAuthObservables(): provides each signal and the token as observables', async ({ page }) => {
  await logIn(page);
  await page.goto('/security/tokens');
  const arrivals = page.getByTestId('token-count');
  await expect(arrivals).toHaveText('1');
  await waitUntilRefreshIsDue();
  const since = readLoggedRequests().length;
  await page.getByRole('button', { name: 'Get a new token' }).click();
  await expect(arrivals).toHaveText('2');
  expect(refreshes(since)).toMatchObject([{ status: 200 }]);
});
