import type { BrowserAuth } from '../../../../src/browser/browser-auth-types.ts';
import type { ModelProcess } from '../../simulation/scheduler.ts';

/** One document of a tab: the code of the application runs in it until the tab loads another or closes. */
export interface Page {
  readonly process: ModelProcess;
  readonly tab: Tab;
  readonly auth: BrowserAuth;
  /** Milliseconds since the start of the run. */
  readonly openedAt: number;
  /** The address with which it was opened. */
  readonly href: string;
  /** Resolves when the page is unloaded. */
  readonly termination: Promise<void>;
  /** Resolves when the client has started. Never resolves if the page is unloaded earlier. */
  readonly started: Promise<{ readonly error?: Error }>;
  unload(): void;
  /** When the application called `logout()` in this page. */
  loggedOutAt?: number;
}

export interface Tab {
  readonly name: string;
  readonly sessionItems: Map<string, string>;
  /** The page that the tab shows. Absent: it is closed, or it loads a page. */
  page: Page | undefined;
  isOpen: boolean;
  /** The user who logs in at the provider in this tab. */
  sub: string;
  /** Resolves when the navigations of the tab have ended. */
  loading: Promise<void>;
  nextNumber: number;
  /** Milliseconds since the start of the run at which it was duplicated last. */
  duplicatedAt?: number;
}
