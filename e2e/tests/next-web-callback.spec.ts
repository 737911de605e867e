import { expect, type Page, test } from '@playwright/test';
import { openHttpBrowser } from '../support/http-browser.ts';
import { type AtTestProvider, startAtTestProvider, untilRenewalIsDue } from '../support/test-provider.ts';

// A login that comes back twice, late or broken, in the production build: it heals by itself, and never goes in circles.

let running: AtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider();
});
test.afterAll(() => running?.stop());

const codeExchanges = () =>
  running.op.requestsTo('token').filter(({ body }) => body.grant_type === 'authorization_code').length;

/** The addresses of the callback that the page was led to. */
function callbacksOf(page: Page): string[] {
  const urls: string[] = [];
  page.on('request', (request) => {
    if (request.url().startsWith(`${running.app.origin}/auth/callback`)) urls.push(request.url());
  });
  return urls;
}

test('an answer that comes again leads who is signed in to where they wanted to go', async ({ page }) => {
  const { app } = running;
  const callbacks = callbacksOf(page);
  await page.goto(`${app.origin}/profile`);
  await expect(page).toHaveURL(`${app.origin}/profile`);
  const before = codeExchanges();
  expect(before).toBeGreaterThan(0);
  await page.goto(callbacks[0] ?? '');
  await expect(page).toHaveURL(`${app.origin}/`);
  await page.goBack();
  await expect(page).toHaveURL(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  expect(codeExchanges()).toBe(before);
});

test('a double submit is one login', async () => {
  const { app, op } = running;
  const browser = openHttpBrowser(app.origin);
  const { location } = await browser.visit('/auth/login?returnTo=/profile');
  const { url } = await op.authorize(location ?? '');
  const before = codeExchanges();
  const cookie = browser.cookies();
  const answers = await Promise.all([1, 2, 3].map(() => browser.visit(url, { cookie })));
  expect(codeExchanges() - before).toBe(1);
  expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
  const targets = answers.map((answer) => answer.location?.pathname);
  expect(targets.filter((path) => path === '/profile')).toHaveLength(1);
  // The others knew of no session yet: the login that they start comes back to the same page.
  for (const answer of answers.filter((each) => each.location?.pathname !== '/profile')) {
    expect(answer.location?.pathname).toBe('/auth/login');
    expect(answer.location?.searchParams.get('returnTo')).toBe('/profile');
  }
});

/** The provider does not take the next codes. */
function refuseCodes(times: number): void {
  const headers = { 'content-type': 'application/json' };
  running.op.fail('token', { status: 400, body: '{"error":"invalid_grant"}', headers, times });
}

test('a code that has ended starts one more login, which ends at the wanted page', async ({ page }) => {
  const { app } = running;
  const callbacks = callbacksOf(page);
  refuseCodes(1);
  await page.goto(`${app.origin}/profile`);
  await expect(page).toHaveURL(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  expect(callbacks).toHaveLength(2);
});

test('a provider that refuses every code shows a page, after one more try', async ({ page }) => {
  const { app } = running;
  const callbacks = callbacksOf(page);
  refuseCodes(2);
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Not logged in' })).toBeVisible();
  expect(callbacks).toHaveLength(2);
});

test('a page whose provider is away says so, and works again afterwards: the session stays', async ({
  page,
}) => {
  const { app, op } = running;
  await page.goto(`${app.origin}/dashboard`);
  await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
  await untilRenewalIsDue();
  await untilRenewalIsDue();
  op.fail('token', { status: 503 });
  await page.goto(`${app.origin}/dashboard`);
  await expect(page.getByRole('heading', { name: 'This page cannot be shown at the moment.' })).toBeVisible();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
});
