import { expect, test } from '@playwright/test';
import { isVisibleLogin, refreshes, signedIn, signIn } from '../support/angular-spa.ts';
import { recentLogin, urls } from '../support/environment.ts';
import { alice, loggedRequests, signInAtProvider } from '../support/provider.ts';
import { untilRenewalIsDue } from '../support/renewal.ts';
import { nextCall, payloadOf } from '../support/requests.ts';

// What the library can do beyond login and call, each shown by the application.

const base = urls.angularSpa;
test.use({ baseURL: base });

const scopesIn = (authorization: string | undefined) => payloadOf(authorization).scope?.split(' ') ?? [];

test('insufficient_user_authentication: an API that wants a recent login gets one (RFC 9470), and the user is back where the wish was made', async ({
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
  await expect(page.getByText('No items yet')).toBeVisible();
});

test('an entry with a narrower scope gets a token that can do no more', async ({ page }) => {
  const items = nextCall(page, '/items');
  await signIn(page);
  expect(scopesIn((await (await items).allHeaders()).authorization)).toEqual(['items:read', 'items:write']);
  const me = nextCall(page, '/me');
  await page.getByRole('link', { name: 'Profile' }).click();
  await expect(
    page.getByRole('list', { name: 'Scopes that the API received' }).getByRole('listitem'),
  ).toHaveText(['items:read']);
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
  await expect(page.getByText('The API is available')).toBeVisible();
  await signIn(page);
  const asUser = nextCall(page, '/health');
  await page.getByRole('link', { name: 'Countersign' }).click();
  expect((await (await asUser).allHeaders()).authorization).toMatch(/^Bearer ey/);
});

test('events tell of logins and refreshes', async ({ page }) => {
  await signIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await expect(page.getByRole('button', { name: 'Refresh now' })).toBeEnabled();
  await page.getByRole('link', { name: 'Activity' }).click();
  const events = page.getByRole('region', { name: 'Events' }).getByRole('listitem');
  for (const type of ['login.succeeded', 'refresh.started', 'refresh.succeeded'])
    await expect(events.filter({ hasText: type }).first()).toBeVisible();
  await signedIn(page);
});

test('the signals say who is signed in, what is claimed of them, and when the token ends', async ({
  page,
}) => {
  await signIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await expect(page.getByRole('heading', { name: 'Alice Archer' })).toBeVisible();
  const claims = page.getByRole('region', { name: 'Claims' });
  await expect(claims.getByRole('term').filter({ hasText: 'email_verified' })).toBeVisible();
  await expect(claims.getByText(urls.identityProvider)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Granted scopes' })).toContainText('items:write');
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await expect(page.getByTestId('seconds-left')).toHaveText(/^\d+$/);
});

test('stepUp(): the user proves once more who they are, and is back at the page', async ({ page }) => {
  await signIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('link', { name: 'Security' }).click();
  await expect(page.getByText('You have been signed in for a while')).toBeVisible();
  const asked = page.waitForRequest(isVisibleLogin(page));
  await page.getByRole('button', { name: 'Enter your password again' }).click();
  expect(new URL((await asked).url()).searchParams.get('max_age')).toBe('0');
  await signInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/security`);
  await expect(page.getByTestId('confirmed-at')).toHaveText(/^\d\d:\d\d:\d\d$/);
  await signedIn(page);
});

test('getAccessToken(): code without HttpClient gets a token for the resource and scope that it names', async ({
  page,
}) => {
  await signIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('link', { name: 'Security' }).click();
  await page.getByRole('link', { name: 'Tokens in code' }).click();
  const call = nextCall(page, '/me');
  await page.getByRole('button', { name: 'Call with fetch' }).click();
  await expect(page.getByRole('list', { name: 'Scopes with fetch' })).toHaveText('items:read');
  expect(payloadOf((await (await call).allHeaders()).authorization)).toMatchObject({
    aud: 'https://api.countersign.example',
    scope: 'items:read',
  });
});

test('injectAuthObservables(): each signal is an observable, and a token too', async ({ page }) => {
  await signIn(page);
  await page.goto('/security/tokens');
  const arrivals = page.getByTestId('token-count');
  await expect(arrivals).toHaveText('1');
  await untilRenewalIsDue();
  const since = loggedRequests().length;
  await page.getByRole('button', { name: 'Get a new token' }).click();
  await expect(arrivals).toHaveText('2');
  expect(refreshes(since)).toMatchObject([{ status: 200 }]);
});
