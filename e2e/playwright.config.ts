import { defineConfig } from '@playwright/test';
import { chromiumLaunchOptions } from '../scripts/lib/chromium.ts';
import { urls } from './support/environment.ts';

/** What is tried against the Angular application served for the browser alone, and with its pages rendered on a server. */
const inBothBuilds = /angular-spa-(attacks|requests|worker)/;

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
    { name: 'apps', testIgnore: [inBothBuilds, /angular-ssr/] },
    { name: 'angular-spa', testMatch: inBothBuilds, use: { baseURL: urls.angularSpa } },
    { name: 'angular-ssr', testMatch: [inBothBuilds, /angular-ssr/], use: { baseURL: urls.angularSsr } },
  ],
  use: {
    baseURL: urls.nextWeb,
    trace: 'retain-on-failure',
    launchOptions: chromiumLaunchOptions,
  },
});
