import { expect, type Page, test } from '@playwright/test';
import { type LoggedRequest, startProvider } from 'identity-provider';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { alice } from '../../support/provider.ts';
import { secret, startNextWeb } from '../../support/servers/apps/next-web.ts';
import { startRoundRobin } from '../../support/servers/proxies/forwarding-proxy.ts';
import { startRedis } from '../../support/servers/redis.ts';

// Several processes of next-web without sticky sessions. They share state only by Redis.

/** In seconds. Half of it is enough for all requests after a refresh, even on a busy machine. */
const accessTokenLifetime = 24;

for (const kind of ['cookie', 'stored']) {
  test(`two processes with Redis and ${kind} sessions: login, refresh and logout work on both`, async ({
    page,
  }) => {
    const system = await startBehindOneAddress(kind);
    const { base, issuer } = system;
    const statuses = async (cookie: string, count = 4) => {
      const responses = await Promise.all(
        Array.from({ length: count }, () =>
          fetch(`${base}/profile`, { headers: { cookie }, redirect: 'manual' }),
        ),
      );
      return [...new Set(responses.map(({ status }) => status))];
    };
    try {
      await logIn(page, base);
      await page.waitForTimeout((accessTokenLifetime / 2 + 1) * 1000);
      const since = system.refreshes();
      const first = await readCookies(page, base);
      expect(await statuses(first, 30)).toEqual([200]);
      expect(system.refreshes() - since).toBe(1);
      // The provider calls one process. The session ends on both.
      await page.goto(`${issuer}/session/end`);
      await page.getByRole('button').first().click();
      await expect.poll(() => statuses(first)).toEqual([307]);
      expect(Math.min(...system.requests())).toBeGreaterThan(10);

      await logIn(page, base);
      const second = await readCookies(page, base);
      expect(await statuses(second)).toEqual([200]);
      await system.stopRedis();
      // S9: the state of the session is unknown, which is neither "signed in" nor "signed out".
      expect(await statuses(second)).toEqual([503]);
      const response = await fetch(`${base}/auth/session`, { headers: { cookie: second } });
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(response.headers.getSetCookie()).toEqual([]);
    } finally {
      await system.stop();
    }
  });
}

/** Starts Redis, the provider, and two processes behind a round-robin proxy. */
async function startBehindOneAddress(kind: string) {
  const [port, ...instances] = (await Promise.all(Array.from({ length: 3 }, () => findFreePort()))) as [
    number,
    number,
    number,
  ];
  const base = `http://localhost:${port}`;
  const database = await startRedis();
  const log: LoggedRequest[] = [];
  const provider = await startProvider({
    origins: { nextWeb: base, angularSpa: 'http://localhost:1' },
    accessTokenLifetime,
    requestLog: (request) => log.push(request),
  });
  const environment = {
    AUTH_SECRET: `${secret},the-previous-secret-with-more-than-thirty-two-characters`,
    AUTH_BASE_URL: base,
    REDIS_URL: database.url,
    SESSIONS: kind,
  };
  const { issuer } = provider;
  const apps = await Promise.all(instances.map((each) => startNextWeb({ port: each, issuer, environment })));
  const balancer = await startRoundRobin(port, instances);
  return {
    base,
    issuer,
    refreshes: () => log.filter(({ grant_type }) => grant_type === 'refresh_token').length,
    /** The number of requests that each process has handled. */
    requests: () => balancer.counts,
    stopRedis: database.stop,
    async stop() {
      balancer.close();
      await Promise.all([...apps.map((app) => app.stop()), provider.close(), database.stop()]);
    },
  };
}

async function logIn(page: Page, base: string): Promise<void> {
  await page.goto(`${base}/profile`);
  await page.locator('input[name="login"]').fill(alice.login);
  await page.locator('input[name="password"]').fill(alice.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  const allow = page.getByRole('button', { name: 'Allow' });
  const email = page.getByText('alice@countersign.example');
  await allow.or(email).first().waitFor();
  if (await allow.isVisible()) await allow.click();
  await expect(page).toHaveURL(`${base}/profile`);
  await expect(email).toBeVisible();
}

async function readCookies(page: Page, base: string): Promise<string> {
  const cookies = await page.context().cookies(base);
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}
