import { expect, type Page, test } from '@playwright/test';
import { openHttpBrowser } from '../../support/http-browser.ts';
import { accessTokenLifetime } from '../../support/servers/test-provider.ts';
import { useTestProvider } from '../../support/servers/use-test-provider.ts';

// Callbacks that are repeated, late or broken, against the production build: the login recovers and never loops.

const running = useTestProvider();

const codeExchanges = () =>
  running.op.requestsTo('token').filter(({ body }) => body.grant_type === 'authorization_code').length;

/** Records the callback URLs that the page requests. */
function recordCallbacks(page: Page): string[] {
  const urls: string[] = [];
  page.on('request', (request) => {
    if (!request.isNavigationRequest()) return;
    if (request.url().startsWith(`${running.app.origin}/auth/callback`)) urls.push(request.url());
  });
  return urls;
}

test('a repeated callback redirects a signed-in user to returnTo', async ({ page }) => {
  const { app } = running;
  const callbacks = recordCallbacks(page);
  await page.goto(`${app.origin}/profile`);
  await expect(page).toHaveURL(`${app.origin}/profile`);
  const exchangesBefore = codeExchanges();
  expect(exchangesBefore).toBeGreaterThan(0);
  expect(callbacks).toHaveLength(1);
  await page.goto(callbacks[0] ?? '');
  // The state of the repeated response contains its page.
  await expect(page).toHaveURL(`${app.origin}/profile`);
  await page.goBack();
  await expect(page).toHaveURL(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  expect(codeExchanges()).toBe(exchangesBefore);
});

test('a double submit creates one login', async () => {
  const { app, op } = running;
  const browser = openHttpBrowser(app.origin);
  const { location } = await browser.visit('/auth/login?returnTo=/profile');
  const { url } = await op.authorize(location ?? '');
  const exchangesBefore = codeExchanges();
  const cookie = browser.cookies();
  const responses = await Promise.all([1, 2, 3].map(() => browser.visit(url, { cookie })));
  expect(codeExchanges() - exchangesBefore).toBe(1);
  expect(responses.map(({ status }) => status)).toEqual([303, 303, 303]);
  const targets = responses.map((response) => response.location?.pathname);
  expect(targets.filter((path) => path === '/profile')).toHaveLength(1);
  // The other requests had no session yet. The login that they start returns to the same page.
  for (const response of responses.filter((each) => each.location?.pathname !== '/profile')) {
    expect(response.location?.origin).toBe(new URL(op.issuer).origin);
    const { url: callback } = await op.authorize(response.location ?? '');
    const lines = response.headers['set-cookie'] ?? [];
    const started = lines.filter((line) => !line.includes('Max-Age=0')).map((line) => line.split(';')[0]);
    const done = await browser.visit(callback, { cookie: started.join('; ') });
    expect(done.location?.pathname).toBe('/profile');
  }
});

/** The provider rejects the next codes. */
function rejectCodes(times: number): void {
  const headers = { 'content-type': 'application/json' };
  running.op.fail('token', { status: 400, body: '{"error":"invalid_grant"}', headers, times });
}

test('an expired code starts one more login, which returns to the requested page', async ({ page }) => {
  const { app } = running;
  const callbacks = recordCallbacks(page);
  rejectCodes(1);
  await page.goto(`${app.origin}/profile`);
  await expect(page).toHaveURL(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  expect(callbacks).toHaveLength(2);
});

test('shows an error page after one more attempt if the provider rejects every code', async ({ page }) => {
  const { app } = running;
  const callbacks = recordCallbacks(page);
  rejectCodes(2);
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Not logged in' })).toBeVisible();
  expect(callbacks).toHaveLength(2);
});

test('reports an unavailable provider, keeps the session and recovers', async ({ page }) => {
  const { app, op } = running;
  await page.goto(`${app.origin}/dashboard`);
  await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
  running.advance(accessTokenLifetime + 1);
  op.fail('token', { status: 503 });
  await page.goto(`${app.origin}/dashboard`);
  await expect(page.getByRole('heading', { name: 'This page cannot be shown at the moment.' })).toBeVisible();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: /^Good to see you/ })).toBeVisible();
});
