import { expect, test } from '@playwright/test';
import { type RowApp, startRowApp } from '../../support/session-rows/row.ts';

// The browser's own rules for cookies, on a production build. They do not depend on the mode of Next: `set-cookie-rows.ts`
// compares the responses in development too.

let app: RowApp;
test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startRowApp({});
});
test.afterAll(() => app?.stop());

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
