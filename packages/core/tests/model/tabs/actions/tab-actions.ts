import { wait } from '../../runs/run-tasks.ts';
import { resources } from '../simulation/page.ts';
import type { Tab } from '../simulation/tab.ts';
import type { TabWorld } from '../simulation/world-types.ts';
import { runInPage } from './in-page.ts';
import { reportError, requestToken } from './request-token.ts';

/** An action of the user, the application or the provider in one tab. */
export type TabActionKind =
  | 'token'
  | 'other-resource'
  | 'two-resources'
  | 'forced-refresh'
  | 'rejected-token'
  | 'reload'
  | 'close-tab'
  | 'duplicate-tab'
  | 'suspend-tab'
  | 'login'
  | 'user-switch'
  | 'logout'
  | 'local-logout'
  | 'end-at-provider';

/** Logs the user of a tab in: the page navigates to the provider, and the provider redirects to another page. */
export async function logIn(world: TabWorld, tab: Tab): Promise<void> {
  const result = await runInPage(world, tab, ({ auth }) => auth.login());
  if (result?.error) reportError(world, result.error);
  await tab.loading;
}

async function logOut(world: TabWorld, tab: Tab, { localOnly = false } = {}): Promise<void> {
  let finish: ReturnType<TabWorld['ledger']['onLogout']> | undefined;
  const result = await runInPage(world, tab, async (page) => {
    finish = world.ledger.onLogout(page, { isLocal: localOnly });
    await page.auth.logout({ localOnly });
    finish('confirmed');
  });
  if (result?.error) {
    finish?.('failed');
    reportError(world, result.error);
  } else if (result?.isUnloaded) finish?.('unloaded');
  await tab.loading;
}

export const tabActions: Readonly<Record<TabActionKind, (world: TabWorld, tab: Tab) => Promise<unknown>>> = {
  token: (world, tab) => requestToken(world, tab, {}),
  'other-resource': (world, tab) => requestToken(world, tab, { resource: resources[1] }),
  'two-resources': (world, tab) =>
    Promise.all(resources.map((resource) => requestToken(world, tab, { resource }))),
  'forced-refresh': (world, tab) => requestToken(world, tab, { forceRefresh: true }),
  'rejected-token': (world, tab) => requestToken(world, tab, { isRejected: true }),
  async reload(world, tab) {
    await world.scheduler.step(`${tab.name} is reloaded`, () => tab.page && world.reload(tab));
    await tab.loading;
  },
  async 'close-tab'(world, tab) {
    const { scheduler } = world;
    await scheduler.step(`${tab.name} is closed`, () => world.closeTab(tab));
    const next = await scheduler.step('a tab is opened', () => world.openTab(tab.sub));
    await next.loading;
  },
  async 'duplicate-tab'(world, tab) {
    const copy = await world.scheduler.step(`${tab.name} is duplicated`, () => world.openTab(tab.sub, tab));
    await copy.loading;
  },
  async 'suspend-tab'(world, { name, page }) {
    const { scheduler } = world;
    const milliseconds = scheduler.random.pick([2_000, 12_000, 40_000]);
    await scheduler.step(`${name} is suspended for ${milliseconds / 1000} s`, () => {
      if (!page) return;
      world.hasSuspended = true;
      page.process.isSuspended = true;
    });
    await wait(scheduler, milliseconds);
    if (page) page.process.isSuspended = false;
    scheduler.note(`(${name} continues)`);
  },
  login: logIn,
  'user-switch'(world, tab) {
    tab.sub = tab.sub === 'alice' ? 'bob' : 'alice';
    return logIn(world, tab);
  },
  logout: (world, tab) => logOut(world, tab),
  'local-logout': (world, tab) => logOut(world, tab, { localOnly: true }),
  'end-at-provider': ({ scheduler, provider, ledger }, { sub }) =>
    scheduler.step(`the provider ends the logins of ${sub}`, () => {
      ledger.onProviderEnd(sub);
      for (const login of provider.logins) if (login.sub === sub) login.endedBy ??= 'provider';
    }),
};
