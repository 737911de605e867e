import { afterEach, beforeEach, vi } from 'vitest';
import { createBrowserAuth } from '../../../src/browser/browser-auth.ts';
import type { BrowserAuth } from '../../../src/browser/browser-auth-types.ts';
import type { BrowserAuthSettings } from '../../../src/browser/options.ts';
import type { AuthEvent } from '../../../src/events.ts';
import { createTestProvider, type TestProvider } from './browser-provider.ts';
import { getOnlyLogin } from './visited-urls.ts';

export const origin = 'https://app.example';
/** Milliseconds since the epoch. */
export let time = Date.UTC(2026, 0, 1);
export let provider: TestProvider;
export let events: AuthEvent[];
let openClients: BrowserAuth[];
export let storage: Map<string, string>;

/** Replaces the globals of a page: its address and the storage of its tab. */
export function showPage(href: string): void {
  storage = new Map();
  const tab: Record<string, unknown> = {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => {
      storage.set(name, value);
      Object.defineProperty(tab, name, { value, enumerable: true, configurable: true, writable: true });
    },
    removeItem: (name: string) => {
      storage.delete(name);
      delete tab[name];
    },
  };
  for (const name of ['getItem', 'setItem', 'removeItem'])
    Object.defineProperty(tab, name, { enumerable: false });
  const location = new URL(href);
  vi.stubGlobal('window', { name: '' });
  vi.stubGlobal('sessionStorage', tab);
  vi.stubGlobal('location', location);
  vi.stubGlobal('history', {
    state: null,
    replaceState: (_state: unknown, _title: string, path: string) => {
      location.href = new URL(path, location).href;
    },
  });
}

export interface Page {
  readonly auth: BrowserAuth;
  /** The addresses to which the page navigated. */
  readonly visited: string[];
}

/** Options that replace those of a page. */
export type PageOptions = Partial<BrowserAuthSettings> & { readonly issuer?: string };

export function createPage(options: PageOptions = {}): Page {
  const visited: string[] = [];
  const auth = createBrowserAuth({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: `${origin}/callback`,
    scope: 'openid offline_access items:read',
    fetch: provider.fetch,
    now: () => time,
    navigate: (url) => void visited.push(url),
    onEvent: (event) => events.push(event),
    ...options,
  });
  openClients.push(auth);
  return { auth, visited };
}

/** Starts a login. Returns the URL of its authorization request. */
export async function startLogin({ auth, visited }: Page, options?: Parameters<BrowserAuth['login']>[0]) {
  const known = new Set(visited);
  await auth.login(options);
  return getOnlyLogin(visited.filter((url) => !known.has(url)));
}

export async function openSignedInPage(options: PageOptions = {}): Promise<Page> {
  const page = createPage(options);
  await page.auth.start();
  await page.auth.handleCallback(provider.approve(await startLogin(page)));
  return page;
}

/** Advances the clock of the pages by a number of seconds. */
export const advanceClock = (seconds: number) => {
  time += seconds * 1000;
};

beforeEach(async () => {
  time = Date.UTC(2026, 0, 1);
  provider = await createTestProvider(() => time);
  events = [];
  openClients = [];
  showPage(`${origin}/items?filter=a%26b#second`);
});

afterEach(() => {
  for (const auth of openClients) auth.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
