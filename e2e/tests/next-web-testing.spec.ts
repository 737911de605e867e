import { createTestSession } from '@countersign/next/testing';
import { expect, test } from '@playwright/test';
import { secret } from '../support/next-web.ts';
import { type AtTestProvider, startAtTestProvider } from '../support/test-provider.ts';

// The helpers for tests of applications, as their documentation says.

let running: AtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider();
});
test.afterAll(() => running?.stop());

test('a test session signs a browser in, and no provider is asked', async ({ page, context }) => {
  const { app, op } = running;
  const before = op.requests.length;
  const options = {
    issuer: op.issuer,
    clientId: 'next-web',
    secret,
    resource: 'https://api.countersign.example',
    baseUrl: app.origin,
    allowInsecureIssuer: true,
  };
  const { cookies, header } = await createTestSession(options, {
    user: { sub: 'carol', name: 'Carol Cook' },
  });
  await context.addCookies(cookies);
  await page.goto(`${app.origin}/dashboard`);
  await expect(page.getByRole('heading', { name: 'Good to see you, Carol.' })).toBeVisible();
  const answer = await fetch(`${app.origin}/auth/session`, { headers: { cookie: header } });
  expect((await answer.json()).session.user).toMatchObject({ sub: 'carol', iss: op.issuer });
  expect(op.requests.length).toBe(before);
});
