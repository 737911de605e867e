import { defineConfig } from '@playwright/test';
import { developmentProject } from './support/development.ts';
import { urls } from './support/environment.ts';
import { playwrightOptions } from './support/playwright-options.ts';

export default defineConfig(playwrightOptions, {
  testDir: 'tests',
  globalSetup: './support/servers/start-next-servers.ts',
  projects: [
    {
      name: 'next',
      testMatch: /\/(next-sessions|next-web|nest-api)\/.*\.spec\.ts$/,
      use: { baseURL: urls.nextWeb },
    },
    {
      // The same suites in `next dev`, which compiles each route at its first request.
      name: developmentProject,
      timeout: 180_000,
      testMatch: /\/(next-sessions-browser|next-web-session-expiry)\.spec\.ts$/,
    },
  ],
});
