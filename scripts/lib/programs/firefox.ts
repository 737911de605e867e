import { join } from 'node:path';
import { findProgram, firefox } from './system-packages.ts';

/**
 * How tests start Firefox: an installed release, over WebDriver BiDi.
 *
 * @param preferences - As in `about:config`.
 */
export const createFirefoxLaunchOptions = (
  preferences: Readonly<Record<string, boolean | number | string>> = {},
) => ({
  channel: 'moz-firefox',
  executablePath: join(import.meta.dirname, 'firefox-for-playwright.mjs'),
  // If Firefox is missing, the error at the start names it.
  env: { ...process.env, FIREFOX_PATH: findProgram(firefox) ?? 'firefox' },
  firefoxUserPrefs: { ...preferences },
});
