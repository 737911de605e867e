import { type BrowserContext, expect, test } from '@playwright/test';
import {
  expectItems,
  findLogin,
  holdVisibleLogins,
  logIn,
  refreshes,
  reloadItems,
  signedIn,
} from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, logInAtProvider, readLoggedRequests, tokenRequests } from '../../support/provider.ts';
import { waitUntilRefreshIsDue } from '../../support/refresh-time.ts';
import { recordRequests } from '../../support/requests.ts';
import { onlyInChromium } from '../../support/tags.ts';

// Known attacks on single-page applications, against the production build in a real browser, with and without server
// rendering.

let base: string;
test.beforeEach(({ baseURL }) => {
  base = String(baseURL);
});

interface Settings {
  readonly storage?: 'memory' | 'tab' | 'shared';
  readonly dpop?: boolean;
}

/** Changes the settings of the application. */
async function withSettings(context: BrowserContext, changes: Settings): Promise<void> {
  await context.route('**/config.json', async (route) => {
    const settings = await (await route.fetch({ maxRetries: 3 })).json();
    await route.fulfill({ json: { ...settings, ...changes } });
  });
}

test('B1, B2: sends the token only to the API', async ({ page }) => {
  const requests = recordRequests(page);
  await logIn(page);
  await reloadItems(page);
  const sent = await requests();
  const addresses = (withToken: boolean) =>
    new Set(
      sent
        .filter(({ headers }) => (headers.authorization !== undefined) === withToken)
        .map(({ url }) => new URL(url).origin + new URL(url).pathname),
    );
  const plain = addresses(false);
  expect([...addresses(true)]).toEqual([`${urls.nestApi}/items`]);
  expect(plain).toContain(`${base}/config.json`);
  expect(plain).toContain(`${urls.identityProvider}/token`);
});

test('B4: tabs with shared storage refresh the token once', async ({ page, context }) => {
  await withSettings(context, { storage: 'shared' });
  await logIn(page);
  const tabs = [page, await context.newPage(), await context.newPage()];
  for (const tab of tabs.slice(1)) {
    await tab.goto('/items');
    await expectItems(tab);
  }
  await waitUntilRefreshIsDue();
  const since = readLoggedRequests().length;
  expect(await Promise.all(tabs.map(reloadItems))).toEqual([200, 200, 200]);
  expect(refreshes(since)).toMatchObject([{ status: 200 }]);
});

test('B4: a tab that closes during a refresh does not block the other tabs', async ({ page, context }) => {
  await withSettings(context, { storage: 'shared' });
  await logIn(page);
  const other = await context.newPage();
  await other.goto('/items');
  await expectItems(other);
  await waitUntilRefreshIsDue();
  // The request never leaves the page, so the refresh token stays unused.
  await page.evaluate(() => {
    const { fetch } = globalThis;
    const state = globalThis as unknown as { isRequested: boolean };
    globalThis.fetch = (input, init) => {
      if (!String(input).endsWith('/token')) return fetch(input, init);
      state.isRequested = true;
      return new Promise(() => {});
    };
  });
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.waitForFunction(() => (globalThis as unknown as { isRequested?: boolean }).isRequested);
  const since = readLoggedRequests().length;
  const response = reloadItems(other);
  await page.close();
  expect(await response).toBe(200);
  expect(refreshes(since)).toMatchObject([{ status: 200 }]);
});

test('B5: a duplicated tab does not use the copied refresh token', async ({ page, context }) => {
  await withSettings(context, { storage: 'tab' });
  await logIn(page);
  const since = readLoggedRequests().length;
  const openedPage = context.waitForEvent('page');
  // A window that a page opens starts with a copy of its sessionStorage, as a duplicated tab does.
  await page.evaluate(() => void window.open('/items'));
  const copy = await openedPage;
  await expectItems(copy);
  const tokens = await Promise.all(
    [page, copy].map((tab) =>
      tab.evaluate(() =>
        Object.entries(sessionStorage)
          .filter(([name]) => name.endsWith('tokens'))
          .map(([, value]) => JSON.parse(value).refreshToken as string),
      ),
    ),
  );
  expect(tokens.map((matches) => matches.length)).toEqual([1, 1]);
  expect(tokens[0]).not.toEqual(tokens[1]);
  for (let times = 0; times < 2; times++) {
    await waitUntilRefreshIsDue();
    expect(await reloadItems(page)).toBe(200);
    expect(await reloadItems(copy)).toBe(200);
  }
  expect(refreshes(since).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test('B5: a reloaded tab is not a duplicate and keeps its login', async ({ page, context }) => {
  await withSettings(context, { storage: 'tab' });
  await logIn(page);
  const since = readLoggedRequests().length;
  await page.reload();
  await expectItems(page);
  expect(tokenRequests('angular-spa', 'authorization_code', since)).toEqual([]);
});

test('B6: parallel 401 responses cause one refresh, and one retry of each request', async ({ page }) => {
  await logIn(page);
  let rejected: string | undefined;
  const tokens: (string | undefined)[] = [];
  await page.route(`${urls.nestApi}/items`, async (route) => {
    const request = route.request();
    if (request.method() === 'OPTIONS') return route.continue();
    const { authorization } = await request.allHeaders();
    tokens.push(authorization);
    rejected ??= authorization;
    if (authorization !== rejected) return route.continue();
    await route.fulfill({
      status: 401,
      headers: {
        'access-control-allow-origin': base,
        'access-control-expose-headers': 'www-authenticate',
        'www-authenticate': 'Bearer error="invalid_token"',
      },
    });
  });
  const since = readLoggedRequests().length;
  await page.getByLabel('New item').fill('Sent twice, stored once');
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('Sent twice, stored once').first()).toBeVisible();
  expect(refreshes(since)).toHaveLength(1);
  expect(new Set(tokens).size).toBe(2);
});

test('B7: a message from a window or frame never completes a login', async ({ page, context }) => {
  await page.goto('/');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  const since = readLoggedRequests().length;
  await page.evaluate(() => {
    const forged = {
      type: 'authorization_response',
      code: 'forged',
      state: 'forged',
      url: '/callback?code=forged',
    };
    window.postMessage(forged, '*');
    window.postMessage('?code=forged&state=forged', '*');
    const frame = document.createElement('iframe');
    frame.src = '/silent-callback.html?code=forged&state=forged';
    document.body.append(frame);
  });
  await page.waitForTimeout(500);
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(tokenRequests('angular-spa', 'authorization_code', since)).toEqual([]);
  expect(context.pages()).toHaveLength(1);
});

test('B7: another origin can frame neither the silent login page nor the app', async ({ request }) => {
  const silent = await request.get('/silent-callback.html');
  expect(silent.headers()['content-security-policy']).toContain("frame-ancestors 'self'");
  expect(await silent.text()).not.toContain('<script');
  const page = await request.get('/');
  expect(page.headers()['content-security-policy']).toContain("frame-ancestors 'none'");
});

// Playwright receives no bodies of requests from Firefox.
test('B8: sends the refresh token only to the endpoints of the provider', { tag: onlyInChromium }, async ({
  page,
}) => {
  const requests = recordRequests(page);
  await logIn(page);
  await waitUntilRefreshIsDue();
  const refreshRequest = page.waitForRequest((request) =>
    (request.postData() ?? '').includes('refresh_token='),
  );
  await reloadItems(page);
  const token = new URLSearchParams((await refreshRequest).postData() ?? '').get('refresh_token') as string;
  await waitUntilRefreshIsDue();
  await reloadItems(page);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  const sent = (await requests()).map(({ url, body, headers }) => ({
    url,
    text: [url, body, ...Object.values(headers)].join('\n'),
  }));
  const last = sent
    .map(({ text }) => /(?:^|&)(?:refresh_token|token)=([\w-]+)/m.exec(text)?.[1])
    .filter((match) => match !== undefined);
  expect(last.length).toBeGreaterThanOrEqual(3);
  const receivers = sent
    .filter(({ text }) => [token, ...last].some((secret) => text.includes(secret)))
    .map(({ url }) => url);
  expect(new Set(receivers)).toEqual(
    new Set([`${urls.identityProvider}/token`, `${urls.identityProvider}/token/revocation`]),
  );
});

test('B9: two logins in one tab do not overwrite each other', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  const logins = await holdVisibleLogins(page);
  await page.getByRole('link', { name: 'Items', exact: true }).click();
  const first = await findLogin(page, logins, '/items');
  await page.getByRole('link', { name: 'Profile', exact: true }).click();
  const second = await findLogin(page, logins, '/profile');
  expect(second).not.toBe(first);
  await page.unrouteAll();
  // The response to the first login arrives last.
  await page.goto(first);
  await logInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/items`);
  await signedIn(page);
});

test('with DPoP, binds tokens to a non-extractable key', async ({ page, context }) => {
  await withSettings(context, { dpop: true });
  const api = page.waitForRequest(
    (request) => request.url() === `${urls.nestApi}/items` && request.method() === 'GET',
  );
  await page.goto('/items');
  await logInAtProvider(page, alice);
  const headers = await (await api).allHeaders();
  expect(headers.authorization).toMatch(/^DPoP ey/);
  expect(headers.dpop).toMatch(/^ey/);
  const extractable = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('countersign');
        opening.onerror = reject;
        opening.onsuccess = () => {
          const keys = opening.result.transaction('keys').objectStore('keys').getAll();
          keys.onsuccess = () =>
            resolve(keys.result.map(({ privateKey }: CryptoKeyPair) => privateKey.extractable));
        };
      }),
  );
  expect(extractable).toEqual([false]);
  await expectItems(page);
});
