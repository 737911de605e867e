// @platforms node, edge: the suite replaces `navigator` and `sessionStorage`, which a browser does not allow.
import { afterEach, expect, test, vi } from 'vitest';
import { createWebStorage } from '../token-storage.ts';
import { isDuplicatedTab } from './duplicated-tab.ts';

afterEach(() => vi.unstubAllGlobals());

/** Creates a browser whose tabs share its locks. */
function createBrowser() {
  const heldLocks = new Set<string>();
  const locks = {
    request(name: string, { signal }: { signal: AbortSignal }, run: () => void) {
      if (heldLocks.has(name)) {
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }
      heldLocks.add(name);
      run();
      return new Promise<never>(() => {});
    },
  };
  /** Shows the page of a tab with this storage. */
  const show = (stored: Map<string, string>, manager: unknown = locks) => {
    vi.stubGlobal('navigator', { locks: manager });
    vi.stubGlobal('sessionStorage', {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, value: string) => void stored.set(name, value),
      removeItem: (name: string) => void stored.delete(name),
    });
    return stored;
  };
  return { heldLocks, show };
}

test('a new tab and its reload are not duplicates', async () => {
  const { heldLocks, show } = createBrowser();
  const stored = show(new Map());
  expect(await isDuplicatedTab('tab ')).toBe(false);
  const name = stored.get('tab ');
  expect([...heldLocks]).toEqual([`tab ${name}`]);
  // The closed page releases its lock.
  heldLocks.clear();
  show(stored);
  expect(await isDuplicatedTab('tab ')).toBe(false);
  expect(stored.get('tab ')).toBe(name);
  expect([...heldLocks]).toEqual([`tab ${name}`]);
});

test('B4: a copy of an open tab is a duplicate, and a copy of the copy too', async () => {
  const { heldLocks, show } = createBrowser();
  const first = show(new Map());
  await isDuplicatedTab('tab ');
  const second = show(new Map(first));
  expect(await isDuplicatedTab('tab ')).toBe(true);
  expect(second.get('tab ')).not.toBe(first.get('tab '));
  expect([...heldLocks]).toEqual([`tab ${first.get('tab ')}`, `tab ${second.get('tab ')}`]);
  show(new Map(second));
  expect(await isDuplicatedTab('tab ')).toBe(true);
});

test('a browser without locks finds no duplicates', async () => {
  const { show } = createBrowser();
  show(new Map([['tab ', 'name']]), undefined);
  vi.stubGlobal('navigator', {});
  expect(await isDuplicatedTab('tab ')).toBe(false);
});

test.each([
  [
    'throw',
    () => {
      throw new DOMException('denied', 'SecurityError');
    },
  ],
  [
    'reject',
    async () => {
      throw new DOMException('denied', 'SecurityError');
    },
  ],
  ['never respond', () => new Promise<never>(() => {})],
])('a browser whose locks %s finds no duplicates, and keeps the tokens', async (_, request) => {
  const { show } = createBrowser();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stored = show(new Map([['tab ', 'name']]), { request });
  const isDuplicate = isDuplicatedTab('tab ');
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  expect(await isDuplicate).toBe(false);
  expect(stored.get('tab ')).toBe('name');
});

test('B4: a duplicated tab does not use the refresh token of the other tab', async () => {
  const { heldLocks, show } = createBrowser();
  const storage = createWebStorage('tab');
  const tokens = { accessTokens: [], scopes: [], updatedAt: 0, refreshToken: 'refresh' };
  const first = show(new Map());
  await storage.open?.('tokens');
  storage.set('tokens', tokens);
  show(new Map(first));
  await storage.open?.('tokens');
  expect(storage.get('tokens')).toBeUndefined();
  heldLocks.clear();
  show(first);
  await storage.open?.('tokens');
  expect(storage.get('tokens')).toEqual(tokens);
});
