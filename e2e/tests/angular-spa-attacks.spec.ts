import { type BrowserContext, expect, test } from '@playwright/test';
import {
  isVisibleLogin,
  itemsAreShown,
  refreshes,
  reloadItems,
  signedIn,
  signIn,
} from '../support/angular-spa.ts';
import { urls } from '../support/environment.ts';
import { alice, loggedRequests, signInAtProvider, tokenRequests } from '../support/provider.ts';
import { untilRenewalIsDue } from '../support/renewal.ts';
import { recordRequests } from '../support/requests.ts';

// The known failures of single-page applications, tried against the production build in a real browser: as it is served
// for the browser alone, and with its pages rendered on a server.

let base: string;
test.beforeEach(({ baseURL }) => {
  base = String(baseURL);
});

interface Settings {
  readonly storage?: 'memory' | 'tab' | 'shared';
  readonly dpop?: boolean;
}

/** The application with other settings than the demo's. */
async function withSettings(context: BrowserContext, changes: Settings): Promise<void> {
  await context.route('**/config.json', async (route) => {
    const settings = await (await route.fetch({ maxRetries: 3 })).json();
    await route.fulfill({ json: { ...settings, ...changes } });
  });
}

test('B1, B2: the token is in the requests to the API, and in no other', async ({ page }) => {
  const requests = recordRequests(page);
  await signIn(page);
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

test('B4: tabs that share a storage renew the token once', async ({ page, context }) => {
  await withSettings(context, { storage: 'shared' });
  await signIn(page);
  const tabs = [page, await context.newPage(), await context.newPage()];
  for (const tab of tabs.slice(1)) {
    await tab.goto('/items');
    await itemsAreShown(tab);
  }
  await untilRenewalIsDue();
  const since = loggedRequests().length;
  expect(await Promise.all(tabs.map(reloadItems))).toEqual([200, 200, 200]);
  expect(refreshes(since)).toMatchObject([{ status: 200 }]);
});

test('B4: a tab that dies while it renews does not hold up the others', async ({ page, context }) => {
  await withSettings(context, { storage: 'shared' });
  await signIn(page);
  const other = await context.newPage();
  await other.goto('/items');
  await itemsAreShown(other);
  await untilRenewalIsDue();
  // The request never leaves the page, so the refresh token is not spent.
  await page.evaluate(() => {
    const { fetch } = globalThis;
    const state = globalThis as unknown as { asked: boolean };
    globalThis.fetch = (input, init) => {
      if (!String(input).endsWith('/token')) return fetch(input, init);
      state.asked = true;
      return new Promise(() => {});
    };
  });
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.waitForFunction(() => (globalThis as unknown as { asked?: boolean }).asked);
  const since = loggedRequests().length;
  const answer = reloadItems(other);
  await page.close();
  expect(await answer).toBe(200);
  expect(refreshes(since)).toMatchObject([{ status: 200 }]);
});

test('B5: a duplicated tab does not use the refresh token that it was cloned with', async ({
  page,
  context,
}) => {
  await withSettings(context, { storage: 'tab' });
  await signIn(page);
  const since = loggedRequests().length;
  const opened = context.waitForEvent('page');
  // A window that is opened by a page starts with a copy of its sessionStorage, as a duplicated tab does.
  await page.evaluate(() => void window.open('/items'));
  const copy = await opened;
  await itemsAreShown(copy);
  const tokens = await Promise.all(
    [page, copy].map((tab) =>
      tab.evaluate(() =>
        Object.entries(sessionStorage)
          .filter(([name]) => name.endsWith('tokens'))
          .map(([, value]) => JSON.parse(value).refreshToken as string),
      ),
    ),
  );
  expect(tokens.map((found) => found.length)).toEqual([1, 1]);
  expect(tokens[0]).not.toEqual(tokens[1]);
  for (let times = 0; times < 2; times++) {
    await untilRenewalIsDue();
    expect(await reloadItems(page)).toBe(200);
    expect(await reloadItems(copy)).toBe(200);
  }
  expect(refreshes(since).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test('B5: a reload of a tab is no duplicate, and keeps its login without a further one', async ({
  page,
  context,
}) => {
  await withSettings(context, { storage: 'tab' });
  await signIn(page);
  const since = loggedRequests().length;
  await page.reload();
  await itemsAreShown(page);
  expect(tokenRequests('angular-spa', 'authorization_code', since)).toEqual([]);
});

test('B6: parallel refusals by the API make one refresh, and one replay each', async ({ page }) => {
  await signIn(page);
  let refused: string | undefined;
  const tokens: (string | undefined)[] = [];
  await page.route(`${urls.nestApi}/items`, async (route) => {
    const request = route.request();
    if (request.method() === 'OPTIONS') return route.continue();
    const { authorization } = await request.allHeaders();
    tokens.push(authorization);
    refused ??= authorization;
    if (authorization !== refused) return route.continue();
    await route.fulfill({
      status: 401,
      headers: {
        'access-control-allow-origin': base,
        'access-control-expose-headers': 'www-authenticate',
        'www-authenticate': 'Bearer error="invalid_token"',
      },
    });
  });
  const since = loggedRequests().length;
  await page.getByLabel('New item').fill('Sent twice, kept once');
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('Sent twice, kept once').first()).toBeVisible();
  expect(refreshes(since)).toHaveLength(1);
  expect(new Set(tokens).size).toBe(2);
});

test('B7: no message from a window or frame can complete a login', async ({ page, context }) => {
  await page.goto('/');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  const since = loggedRequests().length;
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

test('B7: the page of the silent login cannot be framed by another origin, nor can the app', async ({
  request,
}) => {
  const silent = await request.get('/silent-callback.html');
  expect(silent.headers()['content-security-policy']).toContain("frame-ancestors 'self'");
  expect(await silent.text()).not.toContain('<script');
  const page = await request.get('/');
  expect(page.headers()['content-security-policy']).toContain("frame-ancestors 'none'");
});

test('B8: the refresh token goes to the endpoints of the provider, and nowhere else', async ({ page }) => {
  const requests = recordRequests(page);
  await signIn(page);
  await untilRenewalIsDue();
  const renewed = page.waitForRequest((request) => (request.postData() ?? '').includes('refresh_token='));
  await reloadItems(page);
  const token = new URLSearchParams((await renewed).postData() ?? '').get('refresh_token') as string;
  await untilRenewalIsDue();
  await reloadItems(page);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  const sent = (await requests()).map(({ url, body, headers }) => ({
    url,
    text: [url, body, ...Object.values(headers)].join('\n'),
  }));
  const last = sent
    .map(({ text }) => /(?:^|&)(?:refresh_token|token)=([\w-]+)/m.exec(text)?.[1])
    .filter((found) => found !== undefined);
  expect(last.length).toBeGreaterThanOrEqual(3);
  const receivers = sent
    .filter(({ text }) => [token, ...last].some((secret) => text.includes(secret)))
    .map(({ url }) => url);
  expect(new Set(receivers)).toEqual(
    new Set([`${urls.identityProvider}/token`, `${urls.identityProvider}/token/revocation`]),
  );
});

test('B9: two logins begun in one tab do not overwrite each other', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  const addresses: string[] = [];
  await page.route(`${urls.identityProvider}/auth?**`, async (route) => {
    const request = route.request();
    if (!isVisibleLogin(page)(request)) return route.continue();
    addresses.push(request.url());
    await route.fulfill({ status: 204 });
  });
  for (const link of ['Items', 'Profile']) {
    const before = addresses.length;
    await page.getByRole('link', { name: link, exact: true }).click();
    await expect.poll(() => addresses.length).toBeGreaterThan(before);
  }
  await page.unrouteAll();
  // The first of the two is answered last.
  expect(addresses).toHaveLength(2);
  await page.goto(addresses[0] as string);
  await signInAtProvider(page, alice);
  await expect(page).toHaveURL(`${base}/items`);
  await signedIn(page);
});

test('tokens are bound to a key that no script can extract, where DPoP is on', async ({ page, context }) => {
  await withSettings(context, { dpop: true });
  const api = page.waitForRequest(
    (request) => request.url() === `${urls.nestApi}/items` && request.method() === 'GET',
  );
  await page.goto('/items');
  await signInAtProvider(page, alice);
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
  await itemsAreShown(page);
});
