import { createTestSession } from '@countersign/next/testing';
import { type BrowserContext, expect, test } from '@playwright/test';
import { secret } from '../../support/servers/apps/next-web.ts';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// Secret rotation: the previous secret stays in the list for some time.

const previousSecret = 'the-previous-secret-with-more-than-thirty-two-characters';

let rotated: NextWebAtTestProvider;
test.beforeAll(async () => {
  rotated = await startAtTestProvider({ environment: { AUTH_SECRET: `${secret},${previousSecret}` } });
});
test.afterAll(() => rotated?.stop());

async function addSession(context: BrowserContext, cookieSecret: string): Promise<void> {
  const { op, app } = rotated;
  const options = {
    issuer: op.issuer,
    clientId: 'next-web',
    secret: cookieSecret,
    resource: 'https://api.countersign.example',
    baseUrl: app.origin,
    allowInsecureIssuer: true,
  };
  const { cookies } = await createTestSession(options, { user: { sub: 'carol', name: 'Carol Cook' } });
  await context.addCookies(cookies);
}

test('decrypts a cookie of the previous secret, and encrypts it with the new one at the next write', async ({
  page,
  context,
}) => {
  const { app, op } = rotated;
  await addSession(context, previousSecret);
  await page.goto(`${app.origin}/profile`);
  await expect(page.getByText('Carol Cook')).toBeVisible();
  await page.getByLabel('Call me').fill('Caro');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('banner').getByText('Caro', { exact: true })).toBeVisible();
  // The cookie stays valid after the previous secret is removed.
  const cookies = await context.cookies();
  const later = await startAtTestProvider({ environment: { AUTH_ISSUER: op.issuer, AUTH_SECRET: secret } });
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const response = await fetch(`${later.app.origin}/auth/session`, { headers: { cookie } });
  expect((await response.json()).session?.user).toMatchObject({ sub: 'carol' });
  await later.stop();
});

test('rejects a cookie of a removed secret', async ({ page, context }) => {
  await addSession(context, 'a-removed-secret-with-more-than-thirty-two-characters');
  const response = await page.request.get(`${rotated.app.origin}/profile`, { maxRedirects: 0 });
  expect(response.status()).toBe(307);
});
