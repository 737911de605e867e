import { chromium, findProgram } from './system-packages.ts';

/** How the tests start Chromium: nothing of a person's browser, and no sandbox, which root cannot have. */
export const chromiumLaunchOptions = {
  // Where it is missing, the error of the start names it.
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
