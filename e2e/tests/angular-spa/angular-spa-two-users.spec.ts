import { type Browser, type BrowserContext, expect, type Page, type Route, test } from '@playwright/test';
import { expectItems, logIn, signedIn, signedOut } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, bob, logInAtProvider } from '../../support/provider.ts';
import { onlyInChromium } from '../../support/tags.ts';

// Two users of the production build: a request of alice waits in one tab while bob logs in in another tab, or at the
// provider.

let base: string;
test.beforeEach(({ baseURL }) => {
  base = String(baseURL);
});

type Settings = Readonly<Record<string, unknown>>;

async function withSettings(context: BrowserContext, settings: Settings): Promise<void> {
  await context.route('**/config.json', async (route) => {
    const defaults = await (await route.fetch({ maxRetries: 3 })).json();
    await route.fulfill({ json: { ...defaults, ...settings } });
  });
}

/** Holds the requests with a method and URL. Records the users of their tokens. */
async function hold(context: BrowserContext, method: string, url: string) {
  const users: (string | undefined)[] = [];
  const held: Route[] = [];
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await context.route(url, async (route) => {
    const request = route.request();
    if (request.method() !== method) return route.continue();
    const { authorization } = await request.allHeaders();
    const payload = authorization?.split('.')[1] ?? '';
    users.push(payload && JSON.parse(Buffer.from(payload, 'base64url').toString()).sub);
    // A second request passes, as it would without the test.
    if (held.push(route) > 1) return route.continue();
    arrive();
  });
  return { users, arrived, first: () => held[0] as Route };
}

async function addItem(page: Page): Promise<void> {
  await page.getByLabel('New item').fill('An item of alice');
  await page.getByRole('button', { name: 'Add' }).click();
}

/** Logs alice out and bob in, in another tab. */
async function switchUser(context: BrowserContext): Promise<Page> {
  const other = await context.newPage();
  await other.goto('/items');
  await expectItems(other);
  await other.getByRole('button', { name: 'Log out' }).click();
  await other.waitForURL((url) => url.origin === urls.identityProvider);
  await other.getByRole('button').first().click();
  await other.waitForURL(`${base}/`);
  await signedOut(other);
  await other.goto('/items');
  await logInAtProvider(other, bob);
  await expectItems(other);
  await signedIn(other);
  return other;
}

/** Responds to a request as the API does if it rejects the token. */
const reject = (route: Route, challenge: string, headers: Record<string, string> = {}) =>
  route.fulfill({
    status: 401,
    headers: {
      'access-control-allow-origin': base,
      'access-control-expose-headers': 'www-authenticate, dpop-nonce',
      'www-authenticate': challenge,
      ...headers,
    },
  });

/** Replaces the session of alice at the provider by one of bob. The application does not notice it. */
async function switchSession(context: BrowserContext, browser: Browser): Promise<void> {
  const other = await browser.newContext({ baseURL: base });
  await logIn(await other.newPage(), bob);
  const cookies = await other.cookies(urls.identityProvider);
  await other.close();
  await context.addCookies(cookies);
}

const invalidToken = 'Bearer error="invalid_token"';

const deployments: readonly { name: string; settings: Settings; challenge?: string; headers?: object }[] = [
  { name: 'tokens of all tabs', settings: { storage: 'shared' } },
  { name: 'a silent login of bob in the tab of alice', settings: { storage: 'memory' } },
  { name: 'a token worker', settings: { storage: 'memory', worker: true } },
  { name: 'DPoP', settings: { storage: 'shared', dpop: true }, challenge: 'DPoP error="invalid_token"' },
  {
    name: 'a nonce for DPoP',
    settings: { storage: 'memory', dpop: true },
    challenge: 'DPoP error="use_dpop_nonce"',
    headers: { 'dpop-nonce': 'nonce-of-the-test' },
  },
];

for (const { name, settings, challenge = invalidToken, headers } of deployments) {
  test(`B20: does not repeat a rejected POST of alice with the token of bob, with ${name}`, async ({
    page,
    context,
  }) => {
    await withSettings(context, settings);
    await logIn(page, alice);
    const { users, arrived, first } = await hold(context, 'POST', `${urls.nestApi}/items`);
    await addItem(page);
    await arrived;
    await switchUser(context);
    // Tabs with separate tokens log bob in silently.
    await expect(page.locator('.who')).toHaveText(/bob/i);
    await reject(first(), challenge, { ...headers });
    await expect(page.locator('form').getByRole('alert')).toBeVisible();
    expect(users).toEqual(['user-alice']);
  });
}

for (const { name, settings } of [
  { name: 'tokens in memory', settings: { storage: 'memory' } },
  { name: 'a token worker', settings: { storage: 'memory', worker: true } },
  { name: 'DPoP', settings: { storage: 'shared', dpop: true } },
]) {
  // In Firefox, a response of a test to a request of another origin fails, so that the API seems to be unreachable.
  test(`B20: does not continue the ended login of alice as bob, with ${name}`, {
    tag: onlyInChromium,
  }, async ({ page, context, browser }) => {
    await withSettings(context, settings);
    await logIn(page, alice);
    const { users, arrived, first } = await hold(context, 'POST', `${urls.nestApi}/items`);
    await addItem(page);
    await arrived;
    await switchSession(context, browser);
    // The refresh after the rejected token. The next token request is that of the silent login.
    await context.route(
      `${urls.identityProvider}/token`,
      (route) =>
        route.fulfill({
          status: 400,
          headers: { 'access-control-allow-origin': base },
          json: { error: 'invalid_grant' },
        }),
      { times: 1 },
    );
    // The provider has logged bob in: it redirects the hidden frame with a code.
    const silentLogin = page.waitForRequest((request) => request.url().includes('/silent-callback.html?'));
    await reject(first(), 'dpop' in settings ? 'DPoP error="invalid_token"' : invalidToken);
    expect(new URL((await silentLogin).url()).searchParams.has('code')).toBe(true);
    await expect(page.locator('form').getByRole('alert')).toBeVisible();
    expect(users).toEqual(['user-alice']);
    await expect(page.locator('.who', { hasText: /bob/i })).toHaveCount(0);
  });
}
