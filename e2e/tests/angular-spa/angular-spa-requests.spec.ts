import { expect, type Page, test } from '@playwright/test';
import { logIn, signedIn } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, logInAtProvider, readLoggedRequests, tokenRequests } from '../../support/provider.ts';
import { startAngularSpa } from '../../support/servers/apps/angular-spa-server.ts';
import { onlyInChromium } from '../../support/tags.ts';

// Requests that receive a token, and APIs that require a DPoP nonce or another scope.

// The content security policy of the application would block the URLs of these tests.
test.use({ bypassCSP: true });

let base: string;
test.beforeEach(({ baseURL }) => {
  base = String(baseURL);
});

/**
 * Configures the application with another URL of the API.
 *
 * @param later - The URL that the pages call. The allow-list keeps the first URL.
 */
const withApi = (page: Page, { api, later }: { readonly api: string; readonly later: string }) =>
  page.addInitScript(
    (addresses) => {
      const { json } = Response.prototype;
      Response.prototype.json = async function () {
        const body = await json.call(this);
        return new URL(this.url).pathname === '/config.json'
          ? Object.defineProperty(body, 'apiUrl', { get: () => addresses.shift() ?? '' })
          : body;
      };
    },
    [api, ...Array<string>(20).fill(later)],
  );

// `bypassCSP` of Playwright has no effect in Firefox.
test('B1: sends no token to a URL that resembles the API', { tag: onlyInChromium }, async ({
  page,
  context,
}) => {
  await logIn(page);
  await context.route(/^https?:\/\/[^/]*\.test/, (route) =>
    route.fulfill({ json: [], headers: { 'access-control-allow-origin': '*' } }),
  );
  const readSentToken = async (later: string) => {
    const page = await context.newPage();
    await withApi(page, { api: 'http://api.test', later });
    const call = page.waitForRequest(
      (request) => request.url() === new URL(`${later}/items`).href && request.method() === 'GET',
    );
    await page.goto('/items');
    const { authorization, dpop } = await (await call).allHeaders();
    await page.close();
    return authorization ?? dpop;
  };
  expect(await readSentToken('http://api.test')).toMatch(/^Bearer ey/);
  for (const address of [
    'http://api.test.evil.test',
    'http://evil.test/?a=http://api.test',
    'http://evil.test/http://api.test',
    'http://api.test:8080',
    'https://api.test',
    'http://api.test/items-old?',
    'http://api.test/items%2f..%2fothers?',
  ])
    expect(await readSentToken(address), address).toBeUndefined();
});

test('retries once with the DPoP nonce that the API requires', async ({ page }) => {
  const app = await startAngularSpa({ app: { DPOP: '1' }, api: { DPOP_NONCE: '1' } });
  try {
    const reading: Promise<{ status: number; challenge: string; nonce: unknown }>[] = [];
    page.on('response', (response) => {
      if (response.url() !== `${app.apiUrl}/items` || response.request().method() !== 'GET') return;
      const read = async () => {
        const { dpop = '' } = await response.request().allHeaders();
        const { nonce } = JSON.parse(Buffer.from(dpop.split('.')[1] ?? '', 'base64url').toString());
        const challenge = (await response.allHeaders())['www-authenticate'] ?? '';
        // Firefox shows the 304 of a validated response of its cache, which is a 200 for the page.
        const status = response.status() === 304 ? 200 : response.status();
        return { status, challenge, nonce };
      };
      reading.push(read());
    });
    await page.goto(`${app.origin}/items`);
    await logInAtProvider(page, alice, { provider: app.provider.issuer });
    await expect(page.getByText('No items yet')).toBeVisible();
    await page.getByRole('button', { name: 'Reload' }).click();
    await expect.poll(() => reading).toHaveLength(3);
    const responses = await Promise.all(reading);
    const nonce = responses.find(({ status }) => status === 200)?.nonce;
    expect(nonce).toMatch(/^[\w-]{16,}$/);
    expect(responses).toEqual([
      { status: 401, challenge: expect.stringContaining('use_dpop_nonce'), nonce: undefined },
      { status: 200, challenge: '', nonce },
      // The nonce is cached: no retry is needed.
      { status: 200, challenge: '', nonce },
    ]);
  } finally {
    await app.stop();
  }
});

test('insufficient_scope: an entry with stepUp requests the missing scope from the user', async ({
  page,
  context,
}) => {
  // The user grants fewer scopes at first.
  let narrowed = false;
  await context.route(`${urls.identityProvider}/auth?*client_id=angular-reports*`, async (route) => {
    const url = new URL(route.request().url());
    const scope = url.searchParams.get('scope') ?? '';
    if (narrowed) return route.continue();
    narrowed = true;
    url.searchParams.set('scope', scope.replace(' reports:read', ''));
    await route.continue({ url: url.href });
  });
  await logIn(page);
  await page.getByRole('link', { name: 'Reports' }).click();
  const rejection = page.waitForResponse((response) => response.url() === `${urls.nestApi}/reports`);
  await page.getByRole('button', { name: 'Open the reports' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  const response = await rejection;
  expect(response.status()).toBe(403);
  expect(response.headers()['www-authenticate']).toContain('error="insufficient_scope"');
  await page.waitForURL((url) => url.origin === urls.identityProvider);
  await expect(page.getByText('Read your reports')).toBeVisible();
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page).toHaveURL(`${base}/reports`);
  await expect(page.getByRole('list', { name: 'Scopes of the reports' })).toContainText('reports:read');
});

test('insufficient_scope: without stepUp, returns the response and does not redirect', async ({ page }) => {
  await logIn(page);
  await page.route(`${urls.nestApi}/items`, (route) =>
    route.fulfill({
      status: 403,
      headers: {
        'access-control-allow-origin': base,
        'access-control-expose-headers': 'www-authenticate',
        'www-authenticate': 'Bearer error="insufficient_scope", scope="items:more"',
      },
    }),
  );
  const since = readLoggedRequests().length;
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByRole('alert')).toContainText('(403)');
  await signedIn(page);
  expect(page.url()).toBe(`${base}/items`);
  expect(readLoggedRequests().slice(since)).not.toContainEqual(expect.objectContaining({ path: '/auth' }));
  expect(tokenRequests('angular-spa', 'authorization_code', since)).toEqual([]);
});
