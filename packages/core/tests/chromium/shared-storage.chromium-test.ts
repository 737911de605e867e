import { afterEach, expect, test, vi } from 'vitest';
import { createBrowserAuth } from '../../src/browser/browser-auth.ts';
import type { BrowserAuth } from '../../src/browser/browser-auth-types.ts';
import { createWebStorage } from '../../src/browser/state/token-storage.ts';
import type { TokenSet } from '../../src/tokens/token-set.ts';
import { createTestProvider, type TestProvider } from '../support/browser-provider.ts';

// IndexedDB, Web Locks and BroadcastChannel are Chromium's own. Two clients stand for two tabs.

const open: BrowserAuth[] = [];
afterEach(() => {
  for (const auth of open.splice(0)) auth.stop();
  vi.restoreAllMocks();
});

/** @param clientId a name of its own for each test, because the browser keeps what is stored */
function openTab(provider: TestProvider, clientId: string) {
  let left = '';
  const auth = createBrowserAuth({
    issuer: provider.issuer,
    clientId,
    redirectUri: 'https://app.example/callback',
    storage: createWebStorage('shared'),
    fetch: provider.fetch,
    navigate: (url) => {
      left = url;
    },
  });
  open.push(auth);
  const login = async () => {
    await auth.login();
    await auth.handleCallback(provider.approve(left));
  };
  return { auth, login };
}

test('update() of a shared storage is one step, whatever other tabs write', async () => {
  const key = `counter ${Date.now()}`;
  const storages = [createWebStorage('shared'), createWebStorage('shared')];
  const increment = (kept: TokenSet | undefined): TokenSet => ({
    accessTokens: [],
    scopes: [],
    updatedAt: (kept?.updatedAt ?? 0) + 1,
  });
  await Promise.all(Array.from({ length: 40 }, (_, index) => storages[index % 2]?.update?.(key, increment)));
  expect(await storages[0]?.get(key)).toMatchObject({ updatedAt: 40 });
  await storages[1]?.update?.(key, () => undefined);
  expect(await storages[0]?.get(key)).toBeUndefined();
});

test('B27: a read of IndexedDB that fails is tried again, and is an error and no absence if it fails once more', async () => {
  const storage = createWebStorage('shared');
  const fail = () => {
    throw new DOMException('Internal error.', 'UnknownError');
  };
  const opening = vi.spyOn(IDBFactory.prototype, 'open').mockImplementationOnce(fail);
  expect(await storage.get('absent')).toBeUndefined();
  expect(opening).toHaveBeenCalledTimes(2);
  opening.mockImplementation(fail);
  await expect(storage.get('absent')).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('B25: a logout in another tab during a refresh is final', async () => {
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

test('B23: a refresh of one user ends without a token when another user logs in meanwhile', async () => {
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
