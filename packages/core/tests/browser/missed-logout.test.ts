// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemoryStorage, type TokenStorage } from '../../src/browser/state/token-storage.ts';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  provider,
  startLogin,
} from '../support/browser/browser-page.ts';

const createStorage = (reach: TokenStorage['reach']): TokenStorage => ({ ...createMemoryStorage(), reach });
const key = () => `countersign ${provider.issuer} spa tokens`;
let items: Map<string, string>;

beforeEach(() => {
  items = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
  });
});

/** Two tabs with separate tokens. The user logs out in the second one while the first one has no page. */
async function logOutWhileUnloaded() {
  const storage = createStorage('tab');
  const { auth } = await openSignedInPage({ storage });
  const other = await openSignedInPage({ storage: createStorage('tab') });
  auth.stop();
  const [revokedToken] = [(await storage.get(key()))?.refreshToken];
  await other.auth.logout({ localOnly: true });
  return { storage, revokedToken };
}

describe('B25: a page that was not open during a logout', () => {
  test('does not restore the login of its tab, and revokes it', async () => {
    const { storage, revokedToken } = await logOutWhileUnloaded();
    const { auth } = createPage({ storage });
    await auth.start();
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
    expect(await storage.get(key())).toBeUndefined();
    await vi.waitFor(() => expect(provider.revoked).toContain(revokedToken));
  });

  test('completes a login that began later', async () => {
    const { storage } = await logOutWhileUnloaded();
    const page = await openSignedInPage({ storage });
    const reloaded = createPage({ storage });
    await reloaded.auth.start();
    expect([page.auth.snapshot().status, reloaded.auth.snapshot().status]).toEqual([
      'signed-in',
      'signed-in',
    ]);
  });

  test.each(['x', '1e400', '', '9007199254740993'])(
    'restores the login if the record of the logout is malformed: "%s"',
    async (value) => {
      const storage = createStorage('tab');
      await openSignedInPage({ storage });
      items.set(`countersign ${provider.issuer} spa logout`, value);
      const { auth } = createPage({ storage });
      await auth.start();
      expect(auth.snapshot().status).toBe('signed-in');
    },
  );

  test('a logout during the start ends a login that began after the clock was set back', async () => {
    items.set(`countersign ${provider.issuer} spa logout`, String(Date.now() + 3_600_000));
    const storage = createStorage('shared');
    await openSignedInPage({ storage });
    expect(await storage.get(key())).toBeDefined();
    const { auth } = createPage({ storage });
    const start = auth.start();
    await auth.logout({ localOnly: true });
    await start;
    expect(await storage.get(key())).toBeUndefined();
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
  });

  test('logs in for all tabs after the clock was set back', async () => {
    const storage = createStorage('shared');
    const { auth } = await openSignedInPage({ storage });
    await auth.logout({ localOnly: true });
    advanceClock(-20);
    const page = createPage({ storage });
    await page.auth.start();
    const isShown = vi.waitFor(() => expect(auth.snapshot().status).toBe('signed-in'));
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    await isShown;
  });
});
