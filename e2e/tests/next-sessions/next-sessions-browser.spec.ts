import { expect, type Page, test } from '@playwright/test';
import { isDevelopment } from '../../support/development.ts';
import { type RowApp, startRowApp } from '../../support/session-rows/row.ts';

// The sessions of a browser, on a production build and in development: `useSession()`, `<SignedIn>`, `<SignedOut>`, and a
// logout that failed.

let app: RowApp;
test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startRowApp(isDevelopment() ? { dev: [] } : {});
});
test.afterAll(() => app?.stop());

/** Logs in as alice, and opens the page that shows the session of the browser. */
async function open(page: Page, variant: string): Promise<string> {
  const origin = `http://${app.findHost(variant)}`;
  app.op.signIn('alice');
  await page.goto(`${origin}/items`);
  await expect(page.getByText('alice has 200')).toBeVisible();
  await page.goto(`${origin}/browser`);
  await expectSignedIn(page);
  return origin;
}

const find = (page: Page, name: string) => page.getByRole('status', { name });

async function expectSignedIn(page: Page): Promise<void> {
  await expect(find(page, 'Status')).toHaveText('signed-in');
  await expect(page.getByText('Signed in as alice')).toBeVisible();
  await expect(page.getByText('Signed out')).toHaveCount(0);
}

/** Fetches the session again. Returns the status of the response, which the page has then processed. */
async function reload(page: Page): Promise<number> {
  const reloads = Number(await find(page, 'Reloads').textContent());
  const response = page.waitForResponse((each) => new URL(each.url()).pathname === '/auth/session');
  await page.getByRole('button', { name: 'Reload' }).click();
  const status = (await response).status();
  await expect(find(page, 'Reloads')).toHaveText(String(reloads + 1));
  return status;
}

test('expiresIn counts down by the clock of the server, and the session ends at 0', async ({ page }) => {
  // The clock of the browser is one hour ahead.
  await page.clock.install({ time: Date.now() + 3_600_000 });
  await open(page, 'ten-minutes');
  const read = async () => Number(await find(page, 'Expires in').textContent());
  expect(await read()).toBeGreaterThan(300);
  expect(await read()).toBeLessThanOrEqual(600);
  // The clock of the browser stands still between the steps.
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);
  const previous = await read();
  await page.clock.fastForward(60_000);
  await expect(find(page, 'Expires in')).not.toHaveText(String(previous));
  const remainingSeconds = await read();
  await page.clock.fastForward(100_000);
  await expect(find(page, 'Expires in')).toHaveText(String(remainingSeconds - 100));
  // Each second in the last five minutes.
  await page.clock.fastForward((remainingSeconds - 100 - 250) * 1_000);
  await expect(find(page, 'Expires in')).toHaveText('250');
  await page.clock.fastForward(1_000);
  await expect(find(page, 'Expires in')).toHaveText('249');
  app.advance(600);
  await page.clock.fastForward(249_000);
  await expect(find(page, 'Status')).toHaveText('signed-out');
  await expect(find(page, 'Expires in')).toHaveText('undefined');
  await expect(page.getByText('Signed out')).toBeVisible();
});

test('S9: while the store is unavailable, the browser keeps its last state, and a new page shows none', async ({
  page,
}) => {
  const origin = await open(page, 'stored');
  await app.setFaults({ get: 1_000_000 });
  for (let count = 0; count < 2; count++) {
    expect(await reload(page)).toBe(503);
    await expectSignedIn(page);
  }
  const late = await page.context().newPage();
  await late.goto(`${origin}/browser`);
  expect(await reload(late)).toBe(503);
  await expect(find(late, 'Status')).toHaveText('loading');
  await expect(late.getByText(/Signed (in|out)/)).toHaveCount(0);
  await expectSignedIn(page);
  await app.setFaults({});
  for (const each of [late, page]) {
    expect(await reload(each)).toBe(200);
    await expectSignedIn(each);
  }
});

test('S80: the user repeats a logout that failed with the button of the page', async ({ page }) => {
  const origin = `http://${app.findHost('stored')}`;
  const readSub = () =>
    page.evaluate(async () => (await (await fetch('/auth/session')).json()).session?.user.sub);
  app.op.signIn('alice');
  await page.goto(`${origin}/items`);
  await expect(page.getByText('alice has 200')).toBeVisible();
  const copy = await page.context().cookies();
  await app.setFaults({ delete: 1_000, set: 1_000 });
  await page.goto(`${origin}/auth/logout`);
  await page.getByRole('button', { name: 'Log out' }).click();
  for (let tries = 0; tries < 2; tries++) {
    await expect(page.getByRole('heading', { name: 'Logout is not complete' })).toBeVisible();
    const again = page.waitForResponse((response) => response.url() === `${origin}/auth/logout`);
    if (tries === 1) await app.setFaults({});
    await page.getByRole('button', { name: 'Try again' }).click();
    expect((await again).status()).toBe(tries === 0 ? 503 : 303);
  }
  await page.waitForURL(`${origin}/`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await readSub()).toBeUndefined();
  // A copy of the cookie is not accepted either.
  await page.context().addCookies(copy);
  expect(await readSub()).toBeUndefined();
});
