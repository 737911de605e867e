import { defineConfig } from '@playwright/test';
import { chromiumLaunchOptions } from '../scripts/lib/chromium.ts';
import { createFirefoxLaunchOptions } from '../scripts/lib/firefox.ts';
import { urls } from './support/environment.ts';
import { onlyInChromium } from './support/tags.ts';

/** Tests of the Angular application, with and without server rendering. */
const renderedBothWays = /angular-spa-(attacks|requests|worker)/;

const firefoxOnly = /firefox-[-\w]*\.spec/;

export default defineConfig({
  testDir: 'tests',
  globalSetup: './support/servers/start-all-servers.ts',
  // All tests share one provider and one request log.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  projects: [
    { name: 'apps', testIgnore: [renderedBothWays, /angular-ssr/, firefoxOnly] },
    { name: 'angular-spa', testMatch: renderedBothWays, use: { baseURL: urls.angularSpa } },
    {
      name: 'firefox',
      // The application in a native shell runs in a web view, never in Firefox.
      testMatch: [/angular-spa(?!-native)[-\w]*\.spec/, firefoxOnly],
      grepInvert: new RegExp(onlyInChromium),
      use: { baseURL: urls.angularSpa, browserName: 'firefox', launchOptions: createFirefoxLaunchOptions() },
    },
    { name: 'angular-ssr', testMatch: [renderedBothWays, /angular-ssr/], use: { baseURL: urls.angularSsr } },
  ],
  use: {
    baseURL: urls.nextWeb,
    trace: 'retain-on-failure',
    launchOptions: chromiumLaunchOptions,
  },
});
