import { expect, test } from '@playwright/test';
import { urls } from '../../support/environment.ts';
import { logIn, logOut, readSessionCookie } from '../../support/next-web-pages.ts';
import { alice, bob, logInAtProvider, readLoggedRequests, tokenRequests } from '../../support/provider.ts';
import { advanceUntilRefreshIsDue } from '../../support/servers/clock/next-server-clock.ts';

const base = urls.nextWeb;
test.use({ baseURL: base });

const refreshes = (since: number) => tokenRequests('next-web', 'refresh_token', since);

test('a deep link redirects to the login and returns to the requested page', async ({ page }) => {
  await page.goto('/profile');
  await logInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/profile`);
  await expect(page.getByText('alice@countersign.example')).toBeVisible();
});

test('a link to a protected page redirects to the login without an error in the console', async ({
  page,
}) => {
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto('/');
  await page.getByRole('link', { name: 'Open the dashboard' }).click();
  await logInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/dashboard`);
  expect(errors).toEqual([]);
});

test('the dashboard shows the API response, and an action adds an item', async ({ page }) => {
  await logIn(page);
  const title = `Item ${Date.now()}`;
  await page.getByLabel('New item').fill(title);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: title })).toBeVisible();
});

test('shows the 403 response for a token without the scope', async ({ page }) => {
  await logIn(page, bob);
  await page.getByLabel('New item').fill('Not allowed');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('The API responded with 403')).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Not allowed' })).toHaveCount(0);
});

test('refreshes an expiring token before rendering: one request, no redirect, a new cookie', async ({
  page,
  context,
}) => {
  await logIn(page);
  for (let round = 0; round < 2; round++) {
    const firstCookie = await readSessionCookie(context);
    advanceUntilRefreshIsDue();
    const since = readLoggedRequests().length;
    const response = await page.goto('/dashboard');
    expect(response?.request().redirectedFrom()).toBeNull();
    expect(response?.headers()['cache-control']).toContain('no-store');
    await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
    await expect(page.getByText('cannot be reached')).toHaveCount(0);
    expect(refreshes(since)).toHaveLength(1);
    expect(await readSessionCookie(context)).not.toBe(firstCookie);
  }
});

test('50 parallel requests with an expiring token make one token request', async ({ page, context }) => {
  await logIn(page);
  advanceUntilRefreshIsDue();
  const since = readLoggedRequests().length;
  const cookie = (await context.cookies(base)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => fetch(`${base}/dashboard`, { headers: { cookie }, redirect: 'manual' })),
  );
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  expect(refreshes(since)).toHaveLength(1);
  const cookies = new Set(responses.map((response) => response.headers.getSetCookie().join('\n')));
  expect(cookies.size).toBe(1);
  expect([...cookies][0]).toContain('session=');
});

test('after logout, a protected page requires a login and the previous cookie is rejected', async ({
  page,
  context,
}) => {
  await logIn(page);
  const cookie = (await context.cookies(base)).map(({ name, value }) => `${name}=${value}`).join('; ');
  await logOut(page);
  expect(await readSessionCookie(context)).toBe('');
  await page.goto('/dashboard');
  await expect(page).toHaveURL((url) => url.origin === urls.identityProvider);
  const replayed = await fetch(`${base}/dashboard`, { headers: { cookie }, redirect: 'manual' });
  expect(replayed.status).toBe(307);
});

test('login, an action and logout work without JavaScript', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: base });
  const page = await context.newPage();
  await logIn(page);
  const title = `Without script ${Date.now()}`;
  await page.getByLabel('New item').fill(title);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText(title)).toBeVisible();
  await page.getByRole('link', { name: 'Profile' }).click();
  await logOut(page);
  await page.goto('/profile');
  await expect(page).toHaveURL((url) => url.origin === urls.identityProvider);
  await context.close();
});

test('session data is readable at once and survives a refresh', async ({ page }) => {
  await logIn(page);
  await page.goto('/profile');
  await page.getByLabel('Call me').fill('Captain');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('banner').getByText('Captain')).toBeVisible();
  advanceUntilRefreshIsDue();
  const since = readLoggedRequests().length;
  await page.goto('/dashboard');
  await expect(page.getByRole('heading', { name: 'Good to see you, Captain.' })).toBeVisible();
  expect(refreshes(since)).toHaveLength(1);
});

test('a login with maxAge asks for the password again and returns to the page', async ({ page }) => {
  await logIn(page);
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('link', { name: 'Confirm my password' }).click();
  await expect(page.locator('input[name="password"]')).toBeVisible();
  await logInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/profile`);
});

test('an action without a session redirects to the login and returns', async ({ page, context }) => {
  await logIn(page);
  await context.clearCookies({ name: /^session/ });
  await page.getByLabel('New item').fill('Too late');
  // The provider has a session, so the login needs no input.
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page).toHaveURL(`${base}/dashboard`);
  await expect.poll(() => readSessionCookie(context)).not.toBe('');
  await expect(page.getByText('Too late')).toHaveCount(0);
});

test('the browser requests the session if the page has none, and again when its tab becomes visible', async ({
  page,
  browser,
}) => {
  let sessionRequests = 0;
  page.on('request', (request) => {
    if (request.url() === `${base}/auth/session`) sessionRequests += 1;
  });
  await logIn(page);
  await page.waitForLoadState('networkidle');
  await expect(page.getByText('Signed in as')).toBeVisible();
  expect(sessionRequests).toBe(0);
  await page.goto('/');
  await expect(page.getByText('Signed in as')).toBeVisible();
  expect(sessionRequests).toBe(1);

  // The session ends in another browser. This tab detects it when it becomes visible.
  const elsewhere = await browser.newContext({ baseURL: base });
  await elsewhere.addCookies(await page.context().cookies(base));
  await elsewhere.request.post('/auth/logout', { headers: { origin: base }, maxRedirects: 0 });
  await expect(page.getByText('Signed in as')).toBeVisible();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(page.getByText('You are not signed in.')).toBeVisible();
  await elsewhere.close();
});
