// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemoryStorage, type TokenStorage } from '../../../src/browser/state/token-storage.ts';
import {
  advanceClock,
  createPage,
  events,
  openSignedInPage,
  provider,
  startLogin,
} from '../../support/browser/browser-page.ts';

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

describe('B25: an open page that receives no message of a logout', () => {
  afterEach(() => void vi.restoreAllMocks());

  beforeEach(() => {
    const target = new EventTarget();
    vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
    vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target));
    vi.stubGlobal('dispatchEvent', target.dispatchEvent.bind(target));
    vi.spyOn(console, 'warn').mockImplementation(() => {});
  });

  /** Opens a page that is then frozen: it has no channel to the other tabs. */
  async function openFrozenPage(reach: TokenStorage['reach']) {
    vi.stubGlobal('BroadcastChannel', undefined);
    const storage = createStorage(reach);
    const page = await openSignedInPage({ storage });
    return { ...page, storage };
  }

  test.each(['pageshow', 'focus', 'visibilitychange', 'storage'])(
    'hides the user at the event "%s", and revokes the tokens',
    async (name) => {
      const { auth, storage } = await openFrozenPage('tab');
      const token = (await storage.get(key()))?.refreshToken;
      const other = await openSignedInPage({ storage: createStorage('tab') });
      advanceClock(1);
      await other.auth.logout({ localOnly: true });
      dispatchEvent(new Event(name));
      // The browser shows the page after the event.
      expect(auth.snapshot()).toEqual({ status: 'signed-out' });
      await vi.waitFor(() => expect(provider.revoked).toContain(token));
      expect(await storage.get(key())).toBeUndefined();
    },
  );

  test('returns no token without an event', async () => {
    const { auth } = await openFrozenPage('memory');
    const other = await openSignedInPage();
    advanceClock(1);
    await other.auth.logout({ localOnly: true });
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'not_signed_in' });
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
  });

  test.each<TokenStorage['reach']>(['memory', 'tab'])(
    'hides the user after a logout in a tab whose page opened after the clock was set back (%s)',
    async (reach) => {
      const { auth, storage } = await openFrozenPage(reach);
      const token = (await storage.get(key()))?.refreshToken;
      advanceClock(-7200);
      const other = await openSignedInPage();
      await other.auth.logout({ localOnly: true });
      dispatchEvent(new Event('focus'));
      expect(auth.snapshot()).toEqual({ status: 'signed-out' });
      await vi.waitFor(() => expect(provider.revoked).toContain(token));
      expect(await storage.get(key())).toBeUndefined();
    },
  );

  test('shows the user who has logged in since, if the storage is shared', async () => {
    const { auth, storage } = await openFrozenPage('shared');
    const other = await openSignedInPage({ storage });
    advanceClock(1);
    await other.auth.logout({ localOnly: true });
    provider.claims = (claims) => ({ ...claims, sub: 'bob' });
    await other.auth.handleCallback(provider.approve(await startLogin(other)));
    dispatchEvent(new Event('focus'));
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
    await vi.waitFor(() => expect(auth.snapshot()).toMatchObject({ claims: { sub: 'bob' } }));
  });

  test('keeps a login that began after the logout, even if the clock was set back', async () => {
    const page = await openSignedInPage();
    advanceClock(10);
    const other = await openSignedInPage();
    advanceClock(-3600);
    await other.auth.logout({ localOnly: true });
    await vi.waitFor(() => expect(page.auth.snapshot().status).toBe('signed-out'));
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    dispatchEvent(new Event('focus'));
    expect(page.auth.snapshot().status).toBe('signed-in');
    await page.auth.getAccessToken();
  });

  test('a logout has its hint, and revokes its token, although another tab deletes the shared tokens first', async () => {
    const storage = createStorage('shared');
    await openSignedInPage({ storage });
    const { auth, visited } = await openSignedInPage({ storage });
    const { idToken, refreshToken } = (await storage.get(key())) ?? {};
    vi.stubGlobal('localStorage', {
      getItem: (name: string) => items.get(name) ?? null,
      setItem(name: string, value: string) {
        items.set(name, value);
        dispatchEvent(new Event('storage'));
      },
    });
    advanceClock(1);
    await auth.logout();
    expect(new URL(visited.at(-1) ?? '').searchParams.get('id_token_hint')).toBe(idToken);
    expect(provider.revoked).toContain(refreshToken);
    expect(await storage.get(key())).toBeUndefined();
  });

  test.each([
    ['the record and then the message', ['storage', 'message']],
    ['the message and then the record', ['message', 'storage']],
  ])('keeps a login that began after the logout, if it receives %s', async (_, [first, second]) => {
    const channels: { onmessage?: ((event: { data: unknown }) => void) | undefined }[] = [];
    vi.stubGlobal(
      'BroadcastChannel',
      class {
        onmessage: ((event: { data: unknown }) => void) | undefined = undefined;
        constructor() {
          channels.push(this);
        }
        postMessage() {}
        close() {}
      },
    );
    const page = await openSignedInPage({ storage: createStorage('tab') });
    advanceClock(1);
    const logout = Date.UTC(2026, 0, 1) + 1000;
    const notify = (name: string | undefined) => {
      if (name === 'message') channels[0]?.onmessage?.({ data: { type: 'logout', time: logout } });
      else dispatchEvent(new Event('storage'));
    };
    items.set(`countersign ${provider.issuer} spa logout`, String(logout));
    notify(first);
    expect(page.auth.snapshot()).toEqual({ status: 'signed-out' });
    advanceClock(5);
    await page.auth.handleCallback(provider.approve(await startLogin(page)));
    advanceClock(5);
    notify(second);
    expect(page.auth.snapshot().status).toBe('signed-in');
    await page.auth.getAccessToken();
  });

  test('reports a storage that does not delete the tokens', async () => {
    const storage = createStorage('tab');
    let isFull = false;
    const { auth } = await openSignedInPage({
      storage: {
        ...storage,
        update(name, change) {
          if (isFull) throw new Error('full');
          return storage.update?.(name, change);
        },
      },
    });
    isFull = true;
    items.set(`countersign ${provider.issuer} spa logout`, String(Date.UTC(2030, 0, 1)));
    dispatchEvent(new Event('focus'));
    expect(auth.snapshot()).toEqual({ status: 'signed-out' });
    await vi.waitFor(() =>
      expect(events).toContainEqual(expect.objectContaining({ type: 'logout.incomplete', part: 'session' })),
    );
    expect(auth.snapshot()).toMatchObject({ status: 'error', error: { message: 'full' } });
  });

  test('listens until it is stopped', async () => {
    const { auth } = await openFrozenPage('memory');
    auth.stop();
    items.set(`countersign ${provider.issuer} spa logout`, String(Date.UTC(2030, 0, 1)));
    dispatchEvent(new Event('focus'));
    expect(auth.snapshot().status).toBe('signed-in');
  });
});
