import { type RefreshRejection, refreshRejections } from '@countersign/testing';
import { type BrowserContext, expect, test } from '@playwright/test';
import { accessTokenLifetime, data, type RowApp, startRowApp } from '../../support/session-rows/row.ts';

// The provider rejects a refresh of a built application, and the response does not state that the login is over. A browser
// shows the error, or returns to the page after a login. `session-rows/refresh/rejected-refresh-rows.ts` has all responses.

/** In seconds. Longer than the pause after rejections, and than the time for which an unsuccessful login is remembered. */
const longPause = 700;

let app: RowApp;
test.beforeAll(async () => {
  test.setTimeout(300_000);
  app = await startRowApp();
});
test.afterAll(() => app?.stop());

/** Logs alice in, in this context, with an access token that has expired. Returns the cookies. */
async function logIn(context: BrowserContext, host: string): Promise<string> {
  app.advance(longPause);
  const cookies = (await app.logIn('alice', host)).cookies();
  app.advance(accessTokenLifetime + 1);
  await context.addCookies(
    cookies.split('; ').map((each) => ({
      name: each.slice(0, each.indexOf('=')),
      value: each.slice(each.indexOf('=') + 1),
      url: `http://${host}`,
    })),
  );
  return cookies;
}

for (const { name, failure, code } of [
  { name: 'an empty 400' },
  { name: 'interaction_required' },
  { name: 'invalid_client, 401', code: 'client_rejected' },
  { name: '404' },
  { name: 'temporarily_unavailable, 400', code: 'server_error' },
].map((example) => ({
  ...example,
  ...(refreshRejections.find((each) => each.name === example.name) as RefreshRejection),
})))
  test(`C5: the browser shows the data again after: ${name}`, async ({ page, context }) => {
    const host = app.findHost('');
    await logIn(context, host);
    const url = `http://${host}/items`;
    app.op.fail('token', failure);
    await page.goto(url);
    if (code !== undefined) {
      await expect(page.getByText(`This page failed: ${code}`)).toBeVisible();
      await expect(page.getByText('Loading')).toHaveCount(0);
      app.advance(61);
      await page.reload();
    }
    await expect(page.getByText(data)).toBeVisible();
    expect(page.url()).toBe(url);
  });

test('S9: the browser shows the error page of an application whose store is unavailable, with status 200', async ({
  page,
  context,
}) => {
  const host = app.findHost('stored');
  await logIn(context, host);
  await app.setFaults({ get: 1_000_000 });
  const response = await page.goto(`http://${host}/uncovered/items`);
  await expect(page.getByText('This page failed: store_unavailable')).toBeVisible();
  await expect(page.getByText('Loading')).toHaveCount(0);
  expect(response?.status()).toBe(200);
  await app.setFaults({});
  await page.reload();
  await expect(page.getByText(data)).toBeVisible();
});
