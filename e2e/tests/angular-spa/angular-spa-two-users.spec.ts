import { type BrowserContext, expect, type Page, type Route, test } from '@playwright/test';
import { expectItems, signedIn, signedOut, signIn } from '../../support/angular-spa.ts';
import { urls } from '../../support/environment.ts';
import { alice, bob, signInAtProvider } from '../../support/provider.ts';

// Two users of the production build: a request of alice waits in one tab while bob logs in in another tab.

let base: string;
test.beforeEach(async ({ baseURL, context }) => {
  base = String(baseURL);
  await context.route('**/config.json', async (route) => {
    const settings = await (await route.fetch({ maxRetries: 3 })).json();
    await route.fulfill({ json: { ...settings, storage: 'shared' } });
  });
});

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
  await signInAtProvider(other, bob);
  await expectItems(other);
  await signedIn(other);
  return other;
}

test('B20: does not repeat a rejected POST of alice with the token of bob', async ({ page, context }) => {
  await signIn(page, alice);
  const { users, arrived, first } = await hold(context, 'POST', `${urls.nestApi}/items`);
  await addItem(page);
  await arrived;
  await switchUser(context);
  await first().fulfill({
    status: 401,
    headers: {
      'access-control-allow-origin': base,
      'access-control-expose-headers': 'www-authenticate',
      'www-authenticate': 'Bearer error="invalid_token"',
    },
  });
  await expect(page.locator('form').getByRole('alert')).toBeVisible();
  expect(users).toEqual(['user-alice']);
});
