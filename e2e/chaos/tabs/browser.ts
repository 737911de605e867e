import type { Browser, BrowserContext, Page } from '@playwright/test';
import type { Network } from './network.ts';

/** Opens the browser of one user, which sends all its requests through this network. */
export const openBrowser = (browser: Browser, network: Network, baseURL: string): Promise<BrowserContext> =>
  browser.newContext({ baseURL, proxy: { server: network.url, bypass: '<-loopback>' } });

/** Duplicates a tab with its `sessionStorage`, as browsers do. The duplicate runs in the process of the tab. */
export async function duplicate(page: Page): Promise<Page> {
  const popup = page.waitForEvent('popup');
  await page.evaluate(() => void window.open(location.href));
  return popup;
}

export interface Freezer {
  freeze(): Promise<void>;
  /** Returns whether the tab was frozen until now. */
  thaw(): Promise<boolean>;
}

/**
 * Prepares to stop the scripts of a tab between two statements, so that no timer, response or message reaches them, as
 * in a suspended tab. `Page.setWebLifecycleState` has no effect here: Chromium freezes only hidden tabs, and Playwright
 * keeps all tabs visible.
 */
export async function prepareFreeze(page: Page): Promise<Freezer> {
  const session = await page.context().newCDPSession(page);
  await session.send('Debugger.enable');
  // The debugger stops at the next statement, so a script must be running.
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
      const wasFrozen = !resumed;
      await session.detach();
      return wasFrozen;
    },
  };
}
