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
  // A trace costs a fifth of the processor time of a test. `E2E_TRACE=1` keeps those of failed tests.
  use: { trace: process.env.E2E_TRACE ? 'retain-on-failure' : 'off', launchOptions: chromiumLaunchOptions },
};
