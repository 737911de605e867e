import type { Browser, BrowserContext, Page } from '@playwright/test';
import type { Network } from './network.ts';

/** The browser of one person, whose whole traffic goes through this network. */
export const openBrowser = (browser: Browser, network: Network, baseURL: string): Promise<BrowserContext> =>
  browser.newContext({ baseURL, proxy: { server: network.url, bypass: '<-loopback>' } });

/** As the browser's own command does it: with a copy of the tab's `sessionStorage`. It runs in the tab's own process. */
export async function duplicate(page: Page): Promise<Page> {
  const opened = page.waitForEvent('popup');
  await page.evaluate(() => void window.open(location.href));
  return opened;
}

export interface Freezer {
  freeze(): Promise<void>;
  /** @returns whether the tab stood still until now */
  thaw(): Promise<boolean>;
}

/**
 * Stops a tab's process between two statements: no timer, answer or message gets through to its scripts, as in a tab
 * that the system has suspended. (`Page.setWebLifecycleState` does nothing here: Chromium freezes hidden tabs only, and
 * Playwright keeps all of them visible.) Made ready before, so that it takes no time.
 */
export async function prepareFreeze(page: Page): Promise<Freezer> {
  const session = await page.context().newCDPSession(page);
  await session.send('Debugger.enable');
  // Scripts are stopped at their next step, so there must be one.
  await page.evaluate(() => void setInterval(() => {}, 5));
  let resumed = false;
  return {
    async freeze() {
      const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
      await session.send('Debugger.pause');
      await paused;
      session.once('Debugger.resumed', () => {
        resumed = true;
      });
    },
    async thaw() {
      const stoodStill = !resumed;
      await session.detach();
      return stoodStill;
    },
  };
}
