import { chromium, findProgram } from './system-packages.ts';

/** How tests start Chromium: no background services, and no sandbox, which is not available to root. */
export const chromiumLaunchOptions = {
  // If Chromium is missing, the error at the start names it.
  executablePath: findProgram(chromium) ?? 'chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
