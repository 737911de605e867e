import { defineConfig } from '@playwright/test';
import { chromiumLaunchOptions } from '../scripts/lib/chromium.ts';
import { urls } from './support/environment.ts';

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
    launchOptions: chromiumLaunchOptions,
  },
});
