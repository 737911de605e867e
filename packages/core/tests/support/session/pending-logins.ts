import type { ClientSettings } from '../../../src/index.ts';
import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import { createMemoryReplayStore } from '../../../src/session/index.ts';
import type { WebSessionOptions } from '../../../src/session/options.ts';
import { baseUrl, createWebApp, type sessionKinds, type TestBrowser, type WebApp } from '../web-browser.ts';

// The user logs out in one tab while a login of the same browser is pending in another.

export const html = { accept: 'text/html' };

export const page = { method: 'POST', headers: { origin: baseUrl, ...html } };

export const unavailable = () => Promise.reject(new Error('unavailable'));

export async function start(
  kind: (typeof sessionKinds)[number],
  more: Partial<WebSessionOptions> = {},
  client: Partial<ClientSettings & { readonly issuer: string }> = {},
) {
  const store = createMemorySessionStore();
  const tombstones = createMemoryTombstoneStore();
  const replay = createMemoryReplayStore();
  const options = { replay, tombstones, ...(kind === 'stored' && { store }), ...more };
  const app = await createWebApp(options, { client });
  return {
    app,
    other: await createWebApp(options, { at: app.server, client }),
    ports: { store, tombstones, replay },
  };
}

/** Starts a login, and returns the path of its callback. */
export async function startLogin({ server }: WebApp, browser: TestBrowser): Promise<string> {
  const response = await browser.visit('/auth/login');
  const { url } = await server.authorize(response.headers.get('location') ?? '');
  return url.pathname + url.search;
}

/** Opens a second tab of the browser, whose requests send the current cookies. */
export const openTab = (app: WebApp, browser: TestBrowser) => app.open(new Map(browser.cookies));

export async function isSignedIn({ sessions }: WebApp, browser: TestBrowser): Promise<boolean> {
  return (await sessions.open(browser.header())).session !== undefined;
}
