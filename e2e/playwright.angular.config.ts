import { defineConfig } from '@playwright/test';
import { createFirefoxLaunchOptions } from '../scripts/lib/programs/firefox.ts';
import { urls } from './support/environment.ts';
import { playwrightOptions } from './support/playwright-options.ts';
import { onlyInChromium } from './support/tags.ts';

/** Tests of the Angular application that also run with server rendering. */
const renderedBothWays = /angular-spa-(attacks|requests|two-users|worker)/;

const firefoxOnly = /firefox-[-\w]*\.spec/;

export default defineConfig(playwrightOptions, {
  testDir: 'tests/angular-spa',
  globalSetup: './support/servers/start-angular-servers.ts',
  projects: [
    {
      name: 'angular-spa',
      testIgnore: [/angular-ssr/, firefoxOnly],
      use: { baseURL: urls.angularSpa },
    },
    {
      name: 'firefox',
      // The application in a native shell runs in a web view, never in Firefox.
      testMatch: [/angular-spa(?!-native)[-\w]*\.spec/, firefoxOnly],
      grepInvert: new RegExp(onlyInChromium),
      use: { baseURL: urls.angularSpa, browserName: 'firefox', launchOptions: createFirefoxLaunchOptions() },
    },
    { name: 'angular-ssr', testMatch: [renderedBothWays, /angular-ssr/], use: { baseURL: urls.angularSsr } },
  ],
});
