import type { Faults } from '../../faults/faults.ts';
import type { ModelProvider } from '../../simulation/provider.ts';
import { createProviderNetwork } from '../../simulation/provider-network.ts';
import type { Scheduler } from '../../simulation/scheduler.ts';
import type { TabLedger } from '../invariants/tab-ledger.ts';
import type { TabDefect } from '../runs/tab-defects.ts';
import { createLockManagers } from './lock-manager.ts';
import { openPage, origin } from './page.ts';
import { createSharedStorage } from './shared-storage.ts';
import type { Page, Tab } from './tab.ts';
import { createTabChannels } from './tab-channels.ts';
import type { TabDeployment, TabWorld } from './world-types.ts';

export interface TabWorldOptions {
  readonly deployment: TabDeployment;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly ledger: TabLedger;
  readonly provider: ModelProvider;
  readonly defect?: TabDefect | undefined;
}

/** Milliseconds for which a duplicated tab waits for the lock of its original. */
const duplicationTime = 600;

export function createTabWorld(options: TabWorldOptions): TabWorld {
  const { scheduler, faults, ledger, provider, deployment, defect } = options;
  const send = createProviderNetwork({ scheduler, faults, provider });
  let tabCount = 0;

  /** A page that is unloaded does not stop a request with `keepalive`, and receives no response. */
  async function fetch(url: string, init: RequestInit): Promise<Response> {
    if (!init.keepalive) return send(url, init);
    const { process } = scheduler.getContext();
    const response = await scheduler.runIn({ action: 'keepalive' }, () => send(url, init));
    return process?.isAlive === false ? new Promise(() => {}) : response;
  }

  function openPageIn(tab: Tab, href: string): void {
    const page = openPage(world, tab, href);
    tab.page = page;
    ledger.onPageOpened(page);
    tab.loading = Promise.race([page.started, page.termination]).then((result) => {
      if (result && href.includes('code=')) ledger.onVisibleLogin(page, href, result.error);
    });
  }

  /** A duplicate cannot distinguish these events from a reload of its own page. */
  function reportDuplicate(tab: Tab, since: number | undefined): void {
    const isAtOnce = since !== undefined && scheduler.now() - since < duplicationTime;
    if (deployment.reach === 'tab' && isAtOnce) ledger.onDuplicate(tab);
  }

  function unload(tab: Tab): void {
    reportDuplicate(tab, tab.duplicatedAt);
    tab.page?.unload();
    tab.page = undefined;
  }

  function createCallback(url: string, sub: string, page?: Page): string {
    const { url: callback, code } = provider.authorize(url, sub);
    ledger.onCode(code, page);
    return callback;
  }

  /** @returns the address to which the provider redirects the tab */
  async function visitProvider(tab: Tab, url: string): Promise<string> {
    if (new URL(url).pathname === '/authorize')
      return scheduler.step(`${tab.sub} logs in at the provider`, () => {
        world.session = tab.sub;
        return createCallback(url, tab.sub);
      });
    await scheduler.step('the provider ends its session', () => {
      world.session = undefined;
    });
    return `${origin}/`;
  }

  async function visit(tab: Tab, page: Page, url: string): Promise<void> {
    await scheduler.step(`${tab.name} leaves its page`, () => {});
    // The page was unloaded by another navigation, or the tab was closed.
    if (tab.page !== page) return;
    unload(tab);
    const target = url.startsWith(origin) ? url : await visitProvider(tab, url);
    await scheduler.step(`${tab.name} loads a page`, () => {});
    if (!tab.isOpen) return;
    openPageIn(tab, target);
    await tab.loading;
  }

  const world: TabWorld = {
    deployment,
    scheduler,
    faults,
    ledger,
    provider,
    tabs: [],
    sharedStorage: createSharedStorage({
      scheduler,
      faults,
      onFault: () => ledger.onStorageFault(),
      isAtomic: defect !== 'storage of tabs',
    }),
    localItems: defect === 'logouts of tabs' ? new ItemsWithoutLogout() : new Map(),
    locks: createLockManagers(scheduler, { isExclusive: defect !== 'lock of tabs' }),
    channels: createTabChannels(
      scheduler,
      defect === 'logouts of tabs' ? { isDelivered: (type) => type !== 'logout' } : {},
    ),
    fetch,
    clockOffset: 0,
    setClock(offset) {
      world.clockOffset = offset;
      for (const { page } of world.tabs) if (page) page.process.clockOffset = offset;
    },
    hasSuspended: false,
    session: undefined,
    openTab(sub, original) {
      if (original) {
        original.duplicatedAt = scheduler.now();
        reportDuplicate(original, original.page?.openedAt ?? scheduler.now());
      }
      const name = `t${++tabCount}`;
      const tab: Tab = {
        name,
        sub,
        sessionItems: new Map(original?.sessionItems),
        page: undefined,
        isOpen: true,
        loading: Promise.resolve(),
        nextNumber: 1,
      };
      world.tabs.push(tab);
      openPageIn(tab, `${origin}/`);
      return tab;
    },
    closeTab(tab) {
      tab.isOpen = false;
      unload(tab);
    },
    reload(tab) {
      unload(tab);
      openPageIn(tab, `${origin}/`);
    },
    navigate(tab, process, url) {
      const { page } = tab;
      if (page?.process !== process) return;
      tab.loading = scheduler.runIn({ action: `navigation of ${tab.name}` }, () => visit(tab, page, url));
    },
    authorizeFrame(url) {
      if (faults.take('lost-provider-response')) return undefined;
      const { searchParams } = new URL(url);
      const { session } = world;
      const { process } = scheduler.getContext();
      const page = world.tabs.find((tab) => tab.page?.process === process)?.page;
      if (session !== undefined) return createCallback(url, session, page);
      const response = new URLSearchParams({
        error: 'login_required',
        state: searchParams.get('state') ?? '',
        iss: new URL(url).origin,
      });
      return `${searchParams.get('redirect_uri')}?${response}`;
    },
  };
  return world;
}

class ItemsWithoutLogout extends Map<string, string> {
  override set(name: string, value: string): this {
    return name.endsWith(' logout') ? this : super.set(name, value);
  }
}
