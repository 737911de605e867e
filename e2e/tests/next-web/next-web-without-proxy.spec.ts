import { expect, test } from '@playwright/test';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// S18: the production build without its proxy. Pages, handlers and actions protect themselves.

let running: NextWebAtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider({ proxy: false });
});
test.afterAll(() => running?.stop());

test('S18: without a proxy, a page shows nothing before login, and login returns to it', async ({ page }) => {
  const { app } = running;
  for (const [path, heading] of [
    ['/dashboard', /^Good to see you/],
    ['/profile', 'Profile'],
  ] as const) {
    // A proxy would have replaced the header: there is none.
    const response = await fetch(app.origin + path, {
      headers: { 'x-auth-path': '/anywhere' },
      redirect: 'manual',
    });
    const text = (response.headers.get('location') ?? '') + (await response.text());
    expect(text).toContain('returnTo=%2Fanywhere');
    expect(text).not.toMatch(/Good to see you|Your claims/);
    await page.goto(app.origin + path);
    await expect(page).toHaveURL(app.origin + path);
    await expect(page.getByRole('heading', { name: heading })).toBeVisible();
    await page.context().clearCookies();
  }
});

test('S18: without a proxy, a route handler and an action reject signed-out users', async ({ page }) => {
  const { app } = running;
  const handler = await fetch(`${app.origin}/api/summary`);
  expect(handler.status).toBe(401);
  expect(handler.headers.get('cache-control')).toContain('no-store');

  await page.goto(`${app.origin}/auth/login?returnTo=/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  await page.getByLabel('Call me').fill('Captain');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Captain')).toBeVisible();

  const requestsBefore = running.op.requestsTo('token').length;
  await page.context().clearCookies();
  await page.getByLabel('Call me').fill('Intruder');
  await page.getByRole('button', { name: 'Save' }).click();
  // The provider has a session, so the login of the action completes without input and returns to the page.
  await expect.poll(() => running.op.requestsTo('token').length).toBeGreaterThan(requestsBefore);
  await expect(page.getByLabel('Call me')).toHaveValue('alice');
});
