import { expect, test } from '@playwright/test';
import { sessionRows } from '../../support/session-rows/index.ts';
import { type RowApp, startRowApp } from '../../support/session-rows/row.ts';

// The rows of sessions, on a production build with the Next of the demo. `compatibility/next-rows.check.ts` runs them on
// Next 15, and in development.

let app: RowApp;
test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startRowApp();
});
test.afterAll(() => app?.stop());

for (const { title, check } of sessionRows) test(title, () => check(app));

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
