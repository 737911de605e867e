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

test('a browser keeps one session cookie after a change of cookie.domain, in an action and in a handler', async ({
  page,
}) => {
  const host = app.findHost('domain');
  const pairs = (await app.logIn('alice')).cookies().split('; ');
  const name = 'session';
  const value = pairs.find((pair) => pair.startsWith('session='))?.slice('session='.length) ?? '';
  const readCookies = async () =>
    (await page.context().cookies()).filter((cookie) => cookie.name.trim() === name);
  const calls = {
    '/api/uncovered/change': () =>
      page.evaluate(() => fetch('/api/uncovered/change', { method: 'POST' }).then(({ status }) => status)),
    '/rename': () => page.evaluate(() => document.querySelector<HTMLFormElement>('#rename')?.requestSubmit()),
  };
  for (const [path, call] of Object.entries(calls)) {
    await page.context().clearCookies();
    await page.goto(`http://${host}/rename`);
    // The cookie of the host alone, as the deployment without a domain has set it.
    await page
      .context()
      .addCookies([{ name, value, url: `http://${host}`, httpOnly: true, sameSite: 'Lax' }]);
    expect((await readCookies()).map(({ domain }) => domain)).toEqual([host.split(':')[0]]);
    const response = page.waitForResponse((each) => each.url() === `http://${host}${path}`);
    await call();
    expect((await response).status()).toBeLessThan(400);
    await expect
      .poll(async () => (await readCookies()).map(({ domain }) => domain))
      .toEqual([`.${host.split(':')[0]}`]);
  }
});

test('S60: the process exits on SIGTERM after these tests', () => app.stop());
