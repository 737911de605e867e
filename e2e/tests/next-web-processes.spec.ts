import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { findProgram, redis } from '../../scripts/lib/system-packages.ts';
import { alice } from '../support/provider.ts';
import { roundRobin } from '../support/round-robin.ts';

const ports = { provider: 4170, proxy: 3170, instances: [3171, 3172], redis: 6399 };
const base = `http://localhost:${ports.proxy}`;
const issuer = `http://localhost:${ports.provider}`;
const apps = join(import.meta.dirname, '../../apps');

for (const kind of ['cookie', 'stored']) {
  test(`two processes and Redis behind one address, ${kind} sessions: login, refresh and logout on either`, async ({
    page,
  }) => {
    const directory = mkdtempSync(join(tmpdir(), 'next-web-'));
    const log = join(directory, 'requests.jsonl');
    writeFileSync(log, '');
    const children: ChildProcess[] = [];
    const start = (command: string, args: string[], cwd: string, env: Record<string, string>) => {
      children.push(spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'ignore' }));
    };
    start(
      findProgram(redis) ?? 'redis-server',
      ['--port', String(ports.redis), '--save', '', '--dir', directory],
      directory,
      {},
    );
    start(process.execPath, ['src/main.ts'], join(apps, 'identity-provider'), {
      IDENTITY_PROVIDER_PORT: String(ports.provider),
      NEXT_WEB_PORT: String(ports.proxy),
      ISSUER: issuer,
      ACCESS_TOKEN_LIFE: '8',
      REQUEST_LOG: log,
    });
    const web = join(apps, 'next-web');
    const next = createRequire(join(web, 'package.json')).resolve('next/dist/bin/next');
    for (const port of ports.instances) {
      start(process.execPath, [next, 'start', '-H', 'localhost', '-p', String(port)], web, {
        NODE_ENV: 'production',
        NEXT_TELEMETRY_DISABLED: '1',
        AUTH_ISSUER: issuer,
        AUTH_CLIENT_ID: 'next-web',
        AUTH_CLIENT_SECRET: 'next-web-demo-secret',
        AUTH_SECRET: 'the-first-secret-of-the-browser-tests,the-one-that-it-replaced-meanwhile',
        AUTH_BASE_URL: base,
        REDIS_URL: `redis://localhost:${ports.redis}`,
        SESSIONS: kind,
      });
    }
    const balancer = await roundRobin(ports.proxy, ports.instances);
    try {
      for (const url of [
        `${issuer}/.well-known/openid-configuration`,
        ...ports.instances.map((port) => `http://localhost:${port}/`),
      ]) {
        await expect
          .poll(
            () =>
              fetch(url).then(
                ({ status }) => status,
                () => 0,
              ),
            { timeout: 30_000 },
          )
          .toBe(200);
      }
      await logIn(page);
      await page.waitForTimeout(5_000);
      const since = refreshes(log);
      const cookie = (await page.context().cookies(base))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ');
      const answers = await Promise.all(
        Array.from({ length: 30 }, () =>
          fetch(`${base}/profile`, { headers: { cookie }, redirect: 'manual' }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(refreshes(log) - since).toBe(1);
      // The provider calls one of the two; the session is over at both.
      await page.goto(`${issuer}/session/end`);
      await page.getByRole('button').first().click();
      for (let i = 0; i < 4; i++) {
        await expect
          .poll(() =>
            fetch(`${base}/profile`, { headers: { cookie }, redirect: 'manual' }).then(
              ({ status }) => status,
            ),
          )
          .toBe(307);
      }
      expect(Math.min(...balancer.counts)).toBeGreaterThan(10);
    } finally {
      balancer.close();
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(
        children.map(
          (child) => child.exitCode !== null || new Promise((resolve) => child.once('exit', resolve)),
        ),
      );
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

async function logIn(page: Page): Promise<void> {
  await page.goto(`${base}/profile`);
  await page.locator('input[name="login"]').fill(alice.login);
  await page.locator('input[name="password"]').fill(alice.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page).toHaveURL(`${base}/profile`);
  await expect(page.getByText('alice@countersign.example')).toBeVisible();
}

const refreshes = (log: string) =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"grant_type":"refresh_token"')).length;
