import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, expect, type Page, type Request, test } from '@playwright/test';
import { isDevelopment } from '../../support/development.ts';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// The warning before an unused session expires, in the production build and in development. One clock drives browser,
// application and provider.

let running: NextWebAtTestProvider;
let ahead = 0;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  running = await startAtTestProvider({ dev: isDevelopment(), server: { accessTokenLifetime: 600 } });
});
test.afterAll(() => running?.stop());

/** The default of the option `idleLifetime`, in seconds. */
const idleLifetime = 86_400;

/** Session requests of all pages that the server may be handling. */
const sessionRequests = new Set<Request>();
/** Session requests wait for this promise: the server handles none while only one of two clocks has advanced. */
let clocksAgree = Promise.resolve();

// A page that closes does not report that its requests have finished.
test.beforeEach(() => sessionRequests.clear());

/** Advances the clocks of servers and pages. */
async function advance(seconds: number, ...pages: readonly Page[]): Promise<void> {
  let resolve = () => {};
  clocksAgree = new Promise((done) => {
    resolve = done;
  });
  await expect.poll(() => sessionRequests.size).toBe(0);
  ahead += seconds * 1000;
  running.advance(seconds);
  for (const page of pages) await page.clock.fastForward(seconds * 1000);
  resolve();
}

/** Sends the session requests of a page while the clocks agree. */
async function trackSessionRequests(page: Page): Promise<void> {
  await page.route(
    ({ pathname }) => pathname === '/auth/session',
    async (route) => {
      await clocksAgree;
      sessionRequests.add(route.request());
      await route.fallback();
    },
  );
  for (const event of ['requestfinished', 'requestfailed'] as const)
    page.on(event as 'requestfinished', (request) => sessionRequests.delete(request));
}

async function open(context: BrowserContext, path = '/profile'): Promise<Page> {
  const page = await context.newPage();
  // Next's router prefetches links when its cache is stale. A request through the proxy is a use of the session.
  await page.route('**/*', (route) => {
    const isPrefetch = Object.keys(route.request().headers()).some((name) =>
      /^next-router-.*prefetch$/.test(name),
    );
    return isPrefetch ? route.abort() : route.fallback();
  });
  await trackSessionRequests(page);
  await page.clock.install({ time: Date.now() + ahead });
  // The page requests the time of the server. If the clocks advance before the response, the two times differ.
  const timeReceived = page.waitForResponse(
    (response) => new URL(response.url()).pathname === '/auth/session',
  );
  await page.goto(running.app.origin + path);
  await expect(page.getByRole('banner').getByRole('button', { name: 'Log out' })).toBeVisible();
  await (await timeReceived).finished();
  await page.waitForLoadState('networkidle');
  return page;
}

const findWarning = (page: Page) => page.getByRole('alertdialog', { name: 'Are you still there?' });
const findExpiryNotice = (page: Page) => page.getByRole('alertdialog', { name: 'You have been signed out' });

test('warns before the expiry, and the user stays signed in by keyboard', async ({ context }) => {
  const page = await open(context);
  await expect(findWarning(page)).toHaveCount(0);
  await advance(idleLifetime - 90, page);
  const warning = findWarning(page);
  await expect(warning).toBeVisible();
  await expect(warning).toContainText(/You will be signed out in 1:\d\d/);
  const stay = warning.getByRole('button', { name: 'Stay signed in' });
  await expect(stay).toBeFocused();
  // The page behind the dialog cannot be reached.
  await page.keyboard.press('Tab');
  await expect(warning.getByRole('button', { name: 'Log out' })).toBeFocused();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(warning).toHaveCount(0);
  // Without the extension, the session would have expired here.
  await advance(idleLifetime - 200, page);
  await expect(findExpiryNotice(page)).toHaveCount(0);
  await advance(110, page);
  await expect(warning).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(warning).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
});

test('after the expiry, shows that the user is signed out and no user data, and a login returns to the page', async ({
  context,
}) => {
  const page = await open(context);
  await advance(idleLifetime - 60, page);
  await expect(findWarning(page)).toBeVisible();
  await advance(30, page);
  await expect(findWarning(page)).toContainText('0:30');
  await advance(35, page);
  await expect(findExpiryNotice(page)).toBeVisible();
  await expect(page.locator('main')).toBeHidden();
  const logIn = findExpiryNotice(page).getByRole('link', { name: 'Log in again' });
  await expect(logIn).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(findExpiryNotice(page)).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${running.app.origin}/profile`);
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
});

test('shows that the user is signed out when the computer resumes after the expiry', async ({ context }) => {
  const page = await open(context);
  await advance(3 * idleLifetime, page);
  await expect(findExpiryNotice(page)).toBeVisible();
});

test('one tab extends the session for all tabs', async ({ context }) => {
  const first = await open(context);
  const second = await open(context);
  await advance(idleLifetime - 90, first, second);
  await expect(findWarning(second)).toBeVisible();
  await expect(findWarning(first)).toBeVisible();
  await findWarning(first).getByRole('button', { name: 'Stay signed in' }).click();
  await expect(findWarning(first)).toHaveCount(0);
  await expect(findWarning(second)).toHaveCount(0);
});

test('offers a login before the absolute expiry, which cannot be extended', async ({ context }) => {
  const page = await open(context);
  for (let day = 0; day < 7; day++) {
    await advance(idleLifetime - 90, page);
    await findWarning(page).getByRole('button', { name: 'Stay signed in' }).click();
    await expect(findWarning(page)).toHaveCount(0);
  }
  // 630 seconds are left of the absolute lifetime.
  await advance(570, page);
  const warning = findWarning(page);
  await expect(warning).toContainText('cannot be extended');
  await warning.getByRole('button', { name: 'Close' }).click();
  await expect(warning).toHaveCount(0);
  await advance(70, page);
  await expect(findExpiryNotice(page)).toBeVisible();
});

test('notifies other tabs of a logout before the provider has responded', async ({ context }) => {
  const page = await open(context, '/dashboard');
  const other = await open(context, '/dashboard');
  await expect(other.getByText('Signed in as')).toBeVisible();
  const release = running.op.hold('revocation');
  await page.getByRole('banner').getByRole('button', { name: 'Log out' }).click({ noWaitAfter: true });
  await expect(other.getByText('You are not signed in.')).toBeVisible();
  release();
  await expect(page).toHaveURL(`${running.app.origin}/`);
  // The state of the logout was checked, and is no longer part of the address.
  await expect(other.getByText('You are not signed in.')).toBeVisible();
});
