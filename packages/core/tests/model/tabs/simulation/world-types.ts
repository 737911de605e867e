import type { TokenStorage } from '../../../../src/browser/state/token-storage.ts';
import type { Faults } from '../../faults/faults.ts';
import type { ModelProvider } from '../../simulation/provider.ts';
import type { ModelProcess, Scheduler } from '../../simulation/scheduler.ts';
import type { TabLedger } from '../invariants/tab-ledger.ts';
import type { LockManagers } from './lock-manager.ts';
import type { Tab } from './tab.ts';
import type { TabChannels } from './tab-channels.ts';

/** How an application configures its client. */
export interface TabDeployment {
  readonly name: string;
  readonly reach: 'memory' | 'tab' | 'shared';
  readonly hasSilentLogin: boolean;
  readonly hasRefreshTokens: boolean;
  /** Refresh tokens are in a worker of each page. Default: false. */
  readonly hasWorker?: boolean;
}

/** A browser with several tabs of one application, and a provider. */
export interface TabWorld {
  readonly deployment: TabDeployment;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly ledger: TabLedger;
  readonly provider: ModelProvider;
  readonly tabs: Tab[];
  readonly sharedStorage: TokenStorage;
  readonly localItems: Map<string, string>;
  readonly locks: LockManagers;
  readonly channels: TabChannels;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds by which the clock of the computer differs. */
  clockOffset: number;
  setClock(offset: number): void;
  /** True after a tab was suspended. */
  hasSuspended: boolean;
  /** The user who has a session at the provider in this browser. */
  session: string | undefined;
  /** Opens a tab. @param original the tab that is duplicated */
  openTab(sub: string, original?: Tab): Tab;
  closeTab(tab: Tab): void;
  /** Loads the page of a tab again. */
  reload(tab: Tab): void;
  /** Navigates the page of a process to an address. */
  navigate(tab: Tab, process: ModelProcess, url: string): void;
  /** Responds to the request of a hidden frame. @returns `undefined` if the response is lost */
  authorizeFrame(url: string): string | undefined;
}
