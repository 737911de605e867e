import { defineConfig } from '@playwright/test';
import { chromium, findProgram } from '../scripts/lib/system-packages.ts';
import { urls } from './support/environment.ts';

const executablePath = findProgram(chromium);
if (!executablePath) throw new Error('Chromium is missing: install it, or name it in CHROMIUM_PATH.');

export default defineConfig({
  testDir: 'tests',
  globalSetup: './support/servers.ts',
  // One provider, one request log: what one test counts, another must not disturb.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    baseURL: urls.nextWeb,
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
