import AxeBuilder from '@axe-core/playwright';
import { createTestSession } from '@countersign/next/testing';
import { type BrowserContext, expect, test } from '@playwright/test';
import { createHttpLogins } from '../../support/http-logins.ts';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// Pages, actions and route handlers reject users without the required scope and explain why.

let running: NextWebAtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider();
});
test.afterAll(() => running?.stop());

const reads = ['openid', 'profile', 'items:read'];
const writes = [...reads, 'items:write'];

/** Adds a session with these scopes to a browser. */
async function addSession(context: BrowserContext, scopes: readonly string[]): Promise<void> {
  const { cookies } = await createTestSession(createHttpLogins(running).options(), {
    user: { sub: 'carol', name: 'Carol Cook' },
    scopes,
  });
  await context.addCookies(cookies);
}

test('a page with a required scope shows only that this account has no access', async ({ page, context }) => {
  const { app } = running;
  await addSession(context, reads);
  const response = await page.goto(`${app.origin}/import`);
  // With Cache Components, Next sends the status 200 before a page runs.
  expect(response?.status()).toBe(200);
  expect(await response?.text()).not.toContain('One item on each line');
  await expect(page.getByRole('heading', { name: 'Your account may not do this.' })).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  // Also by a link, where Next's router requests the page.
  await page.getByRole('link', { name: 'Back to the dashboard' }).click();
  await expect(page.getByRole('heading', { name: 'Good to see you, Carol.' })).toBeVisible();
  await page.getByRole('link', { name: 'Add several at once' }).click();
  await expect(page.getByRole('heading', { name: 'Your account may not do this.' })).toBeVisible();
});

test('a page with a required scope opens for users with the scope and redirects signed-out users to the login', async ({
  page,
  context,
}) => {
  const { app } = running;
  const signedOutResponse = await page.request.get(`${app.origin}/import`, { maxRedirects: 0 });
  expect(signedOutResponse.status()).toBe(307);
  expect(signedOutResponse.headers().location).toContain('/auth/login?returnTo=%2Fimport');
  await addSession(context, writes);
  expect((await page.goto(`${app.origin}/import`))?.status()).toBe(200);
  await expect(page.getByLabel('One item on each line')).toBeVisible();
});

test('an action with a required scope responds with 403 although its page was shown', async ({
  page,
  context,
}) => {
  const { app } = running;
  await addSession(context, writes);
  await page.goto(`${app.origin}/import`);
  await page.getByLabel('One item on each line').fill('Milk');
  await addSession(context, reads);
  const response = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'Add all' }).click();
  expect((await response).status()).toBe(403);
  await expect(page.getByRole('heading', { name: 'Your account may not do this.' })).toBeVisible();
});

test('without JavaScript, an action with a required scope does not run', async ({ browser }) => {
  const { app } = running;
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await addSession(context, writes);
  await page.goto(`${app.origin}/import`);
  await page.getByLabel('One item on each line').fill('Milk');
  await addSession(context, reads);
  const response = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'Add all' }).click();
  // Next responds with 404 to a form that it rejects. An action that runs redirects to the dashboard.
  expect((await response).status()).toBe(404);
  await expect(page).toHaveURL(`${app.origin}/import`);
  await context.close();
});

test('a route handler with a required scope responds to a script with 403 and the reason', async ({
  page,
  context,
}) => {
  const { app } = running;
  await addSession(context, ['openid', 'profile']);
  await page.goto(app.origin);
  const response = await page.evaluate(async () => {
    const response = await fetch('/api/summary');
    return {
      status: response.status,
      body: await response.json(),
      cache: response.headers.get('cache-control'),
    };
  });
  expect(response).toEqual({
    status: 403,
    body: { error: 'insufficient_scope' },
    cache: expect.stringContaining('no-store'),
  });
});
