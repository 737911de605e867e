import { createTestSession } from '@countersign/next/testing';
import { createRedisStores } from '@countersign/redis';
import { expect, test } from '@playwright/test';
import { createClient } from 'redis';
import { secret } from '../../support/servers/apps/next-web.ts';
import { startRedis } from '../../support/servers/redis.ts';
import { type NextWebAtTestProvider, startAtTestProvider } from '../../support/servers/test-provider.ts';

// The test helpers for applications, used as documented.

let running: NextWebAtTestProvider;

test.beforeAll(async () => {
  running = await startAtTestProvider();
});
test.afterAll(() => running?.stop());

test('a test session signs in a browser without a request to the provider', async ({ page, context }) => {
  const { app, op } = running;
  const requestsBefore = op.requests.length;
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
  const response = await fetch(`${app.origin}/auth/session`, { headers: { cookie: header } });
  expect((await response.json()).session.user).toMatchObject({ sub: 'carol', iss: op.issuer });
  expect(op.requests.length).toBe(requestsBefore);
});

test('a test session in the store of the application signs in a browser', async ({ page, context }) => {
  const redis = await startRedis();
  const client = createClient({ url: redis.url });
  client.on('error', () => {});
  await client.connect();
  const { op, app, stop } = await startAtTestProvider({
    environment: { REDIS_URL: redis.url, SESSIONS: 'stored' },
  });
  try {
    const options = {
      issuer: op.issuer,
      clientId: 'next-web',
      secret,
      baseUrl: app.origin,
      allowInsecureIssuer: true,
      store: createRedisStores(client).store,
    };
    const { cookies, header } = await createTestSession(options, {
      user: { sub: 'carol', name: 'Carol Cook' },
    });
    // The cookie contains only an identifier.
    expect(cookies.map(({ value }) => value)).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    await client.configResetStat();
    const response = await fetch(`${app.origin}/profile`, { headers: { cookie: header } });
    expect(await response.text()).toContain('Carol Cook');
    // Once by the proxy, and once by rendering: the header of the layout and the page share the read.
    expect(await client.info('commandstats')).toContain('cmdstat_hmget:calls=2,');

    await context.addCookies(cookies);
    await page.goto(`${app.origin}/profile`);
    await expect(page.getByText('Carol Cook')).toBeVisible();
  } finally {
    client.destroy();
    await stop();
    await redis.stop();
  }
});
