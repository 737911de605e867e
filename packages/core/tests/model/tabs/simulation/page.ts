import { createBrowserAuth } from '../../../../src/browser/browser-auth.ts';
import { createMemoryStorage, createWebStorage } from '../../../../src/browser/state/token-storage.ts';
import { clientId, issuer, providerMetadata } from '../../simulation/provider.ts';
import { readWallClock } from '../../simulation/replace-globals.ts';
import type { ModelProcess } from '../../simulation/scheduler.ts';
import { watchStorage } from '../invariants/watch-storage.ts';
import { setPageGlobals } from './page-globals.ts';
import { startPageWorker } from './page-worker.ts';
import { createDocument } from './silent-frames.ts';
import { createStorageArea } from './storage-area.ts';
import type { Page, Tab } from './tab.ts';
import type { TabWorld } from './world-types.ts';

export const origin = 'https://app.example';
export const resources = ['https://a.example', 'https://b.example'] as const;

/** Opens a page of the application in a tab, and starts its client. */
export function openPage(world: TabWorld, tab: Tab, href: string): Page {
  const { scheduler, deployment, locks, channels } = world;
  const process: ModelProcess = {
    name: `${tab.name}.${tab.nextNumber++}`,
    isAlive: true,
    clockOffset: world.clockOffset,
  };
  let resolveTermination = () => {};
  const termination = new Promise<void>((resolve) => {
    resolveTermination = resolve;
  });
  const location = Object.assign(new URL(href), {
    assign: (url: string) => world.navigate(tab, process, url),
  });
  const window: Record<string, unknown> = { name: '' };
  window.parent = window;
  setPageGlobals(process, {
    window,
    location,
    document: createDocument(scheduler, (url) => world.authorizeFrame(url)),
    history: {
      state: null,
      replaceState: (_state: unknown, _title: string, path: string) => {
        location.href = new URL(path, location).href;
      },
    },
    navigator: { locks: locks.create(process) },
    sessionStorage: createStorageArea(tab.sessionItems),
    localStorage: createStorageArea(world.localItems),
    BroadcastChannel: channels.create(process),
  });
  const storage =
    deployment.reach === 'shared'
      ? world.sharedStorage
      : deployment.reach === 'tab'
        ? createWebStorage('tab')
        : createMemoryStorage();
  return scheduler.runIn({ process, action: 'start' }, () => {
    const worker = deployment.hasWorker ? startPageWorker(world, process) : undefined;
    const auth = createBrowserAuth({
      issuer,
      clientId,
      redirectUri: `${origin}/callback`,
      scope: 'openid offline_access',
      resource: [...resources],
      postLogoutRedirectUri: `${origin}/`,
      metadata: providerMetadata,
      idTokenSignedResponseAlg: 'ES256',
      fetch: worker?.fetch ?? world.fetch,
      now: readWallClock,
      storage: watchStorage(storage, world.ledger),
      ...(deployment.hasSilentLogin && { silentRedirectUri: `${origin}/silent.html` }),
      onEvent: () => {},
    });
    return {
      process,
      tab,
      auth,
      openedAt: scheduler.now(),
      href,
      termination,
      started: auth.start(),
      unload() {
        scheduler.crash(process);
        worker?.end();
        locks.releaseAll(process);
        resolveTermination();
      },
    };
  });
}
