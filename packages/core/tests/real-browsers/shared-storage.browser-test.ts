import { afterEach, expect, test, vi } from 'vitest';
import { createBrowserAuth } from '../../src/browser/browser-auth.ts';
import type { BrowserAuth } from '../../src/browser/browser-auth-types.ts';
import { createWebStorage } from '../../src/browser/state/token-storage.ts';
import type { TokenSet } from '../../src/tokens/token-set.ts';
import { createTestProvider, type TestProvider } from '../support/browser/browser-provider.ts';

// Uses IndexedDB, Web Locks and BroadcastChannel of browsers. Two clients represent two tabs.

const clients: BrowserAuth[] = [];
afterEach(() => {
  for (const auth of clients.splice(0)) auth.stop();
  vi.restoreAllMocks();
});

/** @param clientId unique for each test, because the browser retains stored data */
function openTab(provider: TestProvider, clientId: string) {
  let visitedUrl = '';
  const auth = createBrowserAuth({
    issuer: provider.issuer,
    clientId,
    redirectUri: 'https://app.example/callback',
    storage: createWebStorage('shared'),
    fetch: provider.fetch,
    navigate: (url) => {
      visitedUrl = url;
    },
  });
  clients.push(auth);
  const login = async () => {
    await auth.login();
    await auth.handleCallback(provider.approve(visitedUrl));
  };
  return { auth, login };
}

test('update() of a shared storage is atomic across tabs', async () => {
  const key = `counter ${Date.now()}`;
  const storages = [createWebStorage('shared'), createWebStorage('shared')];
  const increment = (tokens: TokenSet | undefined): TokenSet => ({
    accessTokens: [],
    scopes: [],
    updatedAt: (tokens?.updatedAt ?? 0) + 1,
  });
  await Promise.all(Array.from({ length: 40 }, (_, index) => storages[index % 2]?.update?.(key, increment)));
  expect(await storages[0]?.get(key)).toMatchObject({ updatedAt: 40 });
  await storages[1]?.update?.(key, () => undefined);
  expect(await storages[0]?.get(key)).toBeUndefined();
});

test('B27: repeats a failed read of IndexedDB once, then throws', async () => {
  const storage = createWebStorage('shared');
  const fail = () => {
    throw new DOMException('Internal error.', 'UnknownError');
  };
  const open = vi.spyOn(IDBFactory.prototype, 'open').mockImplementationOnce(fail);
  expect(await storage.get('absent')).toBeUndefined();
  expect(open).toHaveBeenCalledTimes(2);
  open.mockImplementation(fail);
  await expect(storage.get('absent')).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('B25: ends the login at a logout in another tab during a refresh', async () => {
  const provider = await createTestProvider(Date.now);
  const clientId = `logout ${Date.now()}`;
  const [first, second] = [openTab(provider, clientId), openTab(provider, clientId)];
  await Promise.all([first.auth.start(), second.auth.start()]);
  await first.login();
  provider.intercept = async () => {
    await second.auth.logout({ localOnly: true });
    return undefined;
  };
  await expect(first.auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
    code: 'session_ended',
  });
  expect(first.auth.snapshot().status).toBe('signed-out');
  expect(
    await createWebStorage('shared').get(`countersign ${provider.issuer} ${clientId} tokens`),
  ).toBeUndefined();
});

test('B23: rejects a refresh during which another user logs in', async () => {
  const provider = await createTestProvider(Date.now);
  const clientId = `switch ${Date.now()}`;
  const [first, second] = [openTab(provider, clientId), openTab(provider, clientId)];
  await Promise.all([first.auth.start(), second.auth.start()]);
  await first.login();
  provider.intercept = async ({ parameters }) => {
    if (parameters.get('grant_type') !== 'refresh_token') return undefined;
    provider.intercept = undefined;
    provider.claims = (claims) => ({ ...claims, sub: 'bob' });
    await second.login();
    provider.claims = (claims) => claims;
    return undefined;
  };
  await expect(first.auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
    code: 'session_ended',
  });
  expect(first.auth.snapshot().claims?.sub).toBe('bob');
  expect((await first.auth.getAccessToken()).holder?.sub).toBe('bob');
});

/** Lets the browser run one task. */
const runTask = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

test.each([
  ['this tab', 0],
  ['another tab', 1],
] as const)(
  'B25: a logout in %s is final at each moment of a refresh',
  { timeout: 60_000 },
  async (_, index) => {
    const provider = await createTestProvider(Date.now);
    const remaining: unknown[] = [];
    for (let moment = 0; moment <= 60; moment++) {
      const clientId = `moment ${moment} ${index} ${Date.now()}`;
      const tabs = [openTab(provider, clientId), openTab(provider, clientId)] as const;
      await Promise.all(tabs.map(({ auth }) => auth.start()));
      await tabs[0].login();
      const refresh = tabs[0].auth.getAccessToken({ forceRefresh: true }).catch(() => {});
      for (let task = 0; task < moment; task++) await runTask();
      await tabs[index].auth.logout({ localOnly: true });
      const statusAfterLogout = tabs[index].auth.snapshot().status;
      await refresh;
      await vi.waitFor(() => {
        for (const { auth } of tabs) expect(auth.snapshot().status).toBe('signed-out');
      });
      const stored = await createWebStorage('shared').get(
        `countersign ${provider.issuer} ${clientId} tokens`,
      );
      if (stored || statusAfterLogout !== 'signed-out') remaining.push({ moment, statusAfterLogout, stored });
      for (const { auth } of tabs) auth.stop();
    }
    expect(remaining).toEqual([]);
  },
);
