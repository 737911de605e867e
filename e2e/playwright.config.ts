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
  projects: [
    { name: 'apps', testIgnore: /angular-(spa-attacks|ssr)/ },
    { name: 'angular-spa', testMatch: /angular-spa-attacks/, use: { baseURL: urls.angularSpa } },
    { name: 'angular-ssr', testMatch: /angular-(spa-attacks|ssr)/, use: { baseURL: urls.angularSsr } },
  ],
  use: {
    baseURL: urls.nextWeb,
    trace: 'retain-on-failure',
    launchOptions: chromiumLaunchOptions,
  },
});
