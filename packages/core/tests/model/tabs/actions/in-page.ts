import type { Page, Tab } from '../simulation/tab.ts';
import type { TabWorld } from '../simulation/world-types.ts';

/** The result of code that runs in a page. `value` and `error` are absent if the page was unloaded meanwhile. */
export interface PageResult<T> {
  readonly page: Page;
  readonly value?: T;
  readonly error?: Error;
  readonly isUnloaded: boolean;
}

/** Runs code of the application in the current page of a tab, until its end or until the page is unloaded. */
export async function runInPage<T>(
  { scheduler }: TabWorld,
  tab: Tab,
  run: (page: Page) => Promise<T>,
): Promise<PageResult<T> | undefined> {
  const { page } = tab;
  if (!page) return undefined;
  const { action } = scheduler.getContext();
  const { process, termination } = page;
  const running = scheduler.runIn({ process, action }, async () => {
    // A suspended page starts nothing.
    await scheduler.step('the application runs', () => {});
    return run(page);
  });
  return Promise.race([
    running.then(
      (value) => ({ page, value, isUnloaded: false }),
      (error: Error) => ({ page, error, isUnloaded: false }),
    ),
    termination.then(() => ({ page, isUnloaded: true })),
  ]);
}
