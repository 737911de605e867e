import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { logIn, refreshes, signedIn, signedOut } from '../../support/angular-spa.ts';
import { logs, urls } from '../../support/environment.ts';
import { alice, bob, logInAtProvider, readLoggedRequests } from '../../support/provider.ts';
import { waitUntilRefreshIsDue } from '../../support/refresh-time.ts';
import { waitForCall } from '../../support/requests.ts';
import { onlyInChromium } from '../../support/tags.ts';

const base = urls.angularSpa;
test.use({ baseURL: base });

/** Waits for the next callback URL. */
async function waitForCallback(page: Page): Promise<string> {
  const request = await page.waitForRequest((sent) => sent.url().startsWith(`${base}/callback?`));
  return request.url();
}

/** Changes a parameter of each authorization response before the application receives it. */
const tamperWithCallback = (page: Page, name: string, value: string) =>
  page.addInitScript(
    ([name, value]) => {
      const url = new URL(location.href);
      if (url.pathname !== '/callback' || !url.searchParams.has('code')) return;
      url.searchParams.set(name, value);
      history.replaceState(null, '', url);
    },
    [name, value] as const,
  );

/** Records the codes that the page sends to the token endpoint. */
async function recordExchangedCodes(page: Page): Promise<readonly string[]> {
  const codes: string[] = [];
  await page.exposeFunction('recordCode', (code: string) => void codes.push(code));
  await page.addInitScript((tokenEndpoint) => {
    const { fetch, recordCode } = globalThis as unknown as typeof globalThis & {
      recordCode(code: string): void;
    };
    globalThis.fetch = (input, init) => {
      const code = new URLSearchParams(String(init?.body ?? '')).get('code');
      if (input === tokenEndpoint && code !== null) recordCode(code);
      return fetch(input, init);
    };
  }, `${urls.identityProvider}/token`);
  return codes;
}

const readCode = (callback: string) => new URL(callback).searchParams.get('code');

test('reads items by httpResource and adds items, with the token', async ({ page }) => {
  const call = waitForCall(page, '/items');
  await logIn(page);
  expect((await (await call).allHeaders()).authorization).toMatch(/^Bearer ey/);
  const title = `Item ${Date.now()}`;
  await page.getByLabel('New item').fill(title);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: title })).toBeVisible();
});

test('a reload restores the login without a visible redirect', async ({ page }) => {
  await logIn(page);
  const visited: string[] = [];
  page.on('framenavigated', (frame) => frame === page.mainFrame() && visited.push(frame.url()));
  await page.reload();
  await signedIn(page);
  await expect(page.getByRole('heading', { name: 'Your items' })).toBeVisible();
  expect([...new Set(visited)]).toEqual([`${base}/items`]);
});

test('refreshes an access token by one token request for all waiting calls', async ({ page }) => {
  await logIn(page);
  await waitUntilRefreshIsDue();
  const since = readLoggedRequests().length;
  const reload = page.getByRole('button', { name: 'Reload' });
  await reload.evaluate((button: HTMLButtonElement) => {
    for (let times = 0; times < 5; times++) button.click();
  });
  await page.getByLabel('New item').fill('After the refresh');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('After the refresh').first()).toBeVisible();
  expect(refreshes(since)).toMatchObject([{ status: 200 }]);
});

test('after logout, a protected page requires a new login', async ({ page }) => {
  await logIn(page);
  const since = readLoggedRequests().length;
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await page.getByRole('button').first().click();
  await page.waitForURL(`${base}/`);
  await signedOut(page);
  expect(readLoggedRequests().slice(since)).toContainEqual(
    expect.objectContaining({ path: '/token/revocation', status: 200 }),
  );
  await page.goto('/items');
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await expect(page.locator('input[name="password"]')).toBeVisible();
});

test('rejects a used callback and shows the reason', async ({ page, context }) => {
  const callback = waitForCallback(page);
  await logIn(page);
  await context.clearCookies();
  await page.goto(await callback);
  await expect(page.getByRole('heading', { name: 'Login failed' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('was already used');
  await signedOut(page);
  expect(page.url()).toBe(`${base}/callback`);
});

test('rejects a callback with a wrong state and shows the reason', async ({ page }) => {
  await tamperWithCallback(page, 'state', 'another');
  const codes = await recordExchangedCodes(page);
  const callback = waitForCallback(page);
  await page.goto('/items');
  await logInAtProvider(page, alice);
  await expect(page.getByRole('alert')).toContainText('was not started in this browser tab');
  await expect(page.getByText('transaction_invalid: state')).toBeVisible();
  // The page then logs in silently, with another code.
  await expect.poll(() => codes).toHaveLength(1);
  expect(codes).not.toContain(readCode(await callback));
});

test('rejects a callback with a wrong issuer before it uses the code', async ({ page }) => {
  await tamperWithCallback(page, 'iss', 'https://other.example');
  const codes = await recordExchangedCodes(page);
  const callback = waitForCallback(page);
  await page.goto('/items');
  await logInAtProvider(page, alice);
  await expect(page.getByRole('alert')).toContainText('did not come from the expected login service');
  await expect(page.getByText('authorization_response_invalid: iss')).toBeVisible();
  // The page then logs in silently, with another code.
  await expect.poll(() => codes).toHaveLength(1);
  expect(codes).not.toContain(readCode(await callback));
});

test('shows the 403 response for a request without the required scope', async ({ page }) => {
  await logIn(page, bob);
  await page.getByLabel('New item').fill('Not allowed');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('alert')).toContainText('lacks the permission (403)');
  await signedIn(page);
});

test('propagates logout and login to other tabs', async ({ page, context }) => {
  await logIn(page);
  const other = await context.newPage();
  await other.goto(base);
  await signedIn(other);
  await page.getByRole('button', { name: 'Log out' }).click();
  await signedOut(other);
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await page.getByRole('button').first().click();
  await page.waitForURL(`${base}/`);
  await signedOut(page);
  await page.goto('/items');
  await logInAtProvider(page, alice);
  await signedIn(other);
});

for (const path of ['/profile', '/items', '/security', '/security/tokens']) {
  test(`a logout in another tab removes the content of ${path}`, async ({ page, context }) => {
    await logIn(page);
    const title = `Item ${Date.now()}`;
    await page.getByLabel('New item').fill(title);
    await page.getByRole('button', { name: 'Add' }).click();
    await expect(page.getByRole('listitem').filter({ hasText: title })).toBeVisible();
    const other = await context.newPage();
    await other.goto(path);
    await signedIn(other);
    if (path === '/items') await expect(other.getByText(title)).toBeVisible();
    await page.getByRole('button', { name: 'Log out' }).click();
    await expect(other.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
    await expect(other.getByText(title)).toHaveCount(0);
    await expect(other.getByRole('heading')).toHaveCount(1);
    await expect(other.getByRole('button', { name: 'Log in again' })).toBeVisible();
    expect(new URL(other.url()).pathname).toBe(path);
  });
}

// Playwright receives no bodies of requests from Firefox.
test('leaves no token, code or verifier in URLs, storage, pages or logs', { tag: onlyInChromium }, async ({
  page,
  context,
}) => {
  const secrets = new Set<string>();
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  // The responses of the provider.
  await context.route(`${urls.identityProvider}/token`, async (route) => {
    const response = await route.fetch();
    const sent = new URLSearchParams(route.request().postData() ?? '');
    const received: Record<string, string> = await response.json().catch(() => ({}));
    const { access_token, refresh_token, id_token } = received;
    for (const secret of [access_token, refresh_token, id_token]) if (secret) secrets.add(secret);
    for (const name of ['code_verifier', 'refresh_token']) {
      const secret = sent.get(name);
      if (secret) secrets.add(secret);
    }
    await route.fulfill({ response });
  });
  const callback = waitForCallback(page);
  await logIn(page);
  const code = readCode(await callback) ?? '';
  expect(code).not.toBe('');
  await page.getByRole('link', { name: 'Profile' }).click();
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await expect.poll(() => secrets.size).toBeGreaterThanOrEqual(6);
  const storage = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  const places: Record<string, string> = {
    'the storage of the page': storage,
    'the address bar': page.url(),
    'the page': await page.content(),
    'the history': await page.evaluate(() => JSON.stringify(history.state)),
    cookies: JSON.stringify(await context.cookies(base)),
  };
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  const requestedUrls = 'the requested URLs';
  places[requestedUrls] = addresses.join('\n');
  for (const file of readdirSync(logs)) places[file] = readFileSync(join(logs, file), 'utf8');
  for (const [place, text] of Object.entries(places)) {
    for (const secret of secrets) expect(text.includes(secret), `a secret in ${place}`).toBe(false);
    if (place !== requestedUrls) expect(text.includes(code), `the code in ${place}`).toBe(false);
  }
});

test('responds with 404 to a missing asset, and sends a strict policy with pages', async ({ request }) => {
  expect((await request.get('/chunk-XXXXXXXX.js')).status()).toBe(404);
  expect((await request.get('/..%2f..%2fpackage.json')).status()).toBe(404);
  const page = await request.get('/items');
  expect(page.status()).toBe(200);
  const policy = page.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain(`connect-src 'self' ${urls.identityProvider} ${urls.nestApi}`);
  expect(page.headers()['referrer-policy']).toBe('no-referrer');
});
