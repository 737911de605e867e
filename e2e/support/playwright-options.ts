import type { PlaywrightTestConfig } from '@playwright/test';
import { chromiumLaunchOptions } from '../../scripts/lib/programs/chromium.ts';
import { results } from './environment.ts';

/** Options of all configurations. */
export const playwrightOptions: PlaywrightTestConfig = {
  outputDir: results,
  // The tests of a configuration share one provider and one request log.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: { trace: 'retain-on-failure', launchOptions: chromiumLaunchOptions },
};
