import { TransportError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { parseUntrustedObject, storedLimits } from '../../internal/json/untrusted-json.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import { createFeatureError, storageRemedy } from './browser-features.ts';
import { isDatabaseMissing, runTransaction, toPromise } from './indexed-db.ts';
import type { StoredTokenSet } from './login-holder.ts';
import { isDuplicatedTab } from './tabs/duplicated-tab.ts';

/** Stores the tokens of the signed-in user. */
export interface TokenStorage {
  /** `memory`: until the page is closed. `tab`: even after a reload. `shared`: for all tabs. */
  readonly reach: 'memory' | 'tab' | 'shared';
  /**
   * Called once, before the first read.
   *
   * @throws ConfigurationError if the page does not have this storage. The tokens are then stored in memory.
   */
  open?(key: string): Promise<void>;
  get(key: string): TokenSet | undefined | Promise<TokenSet | undefined>;
  set(key: string, tokens: TokenSet): void | Promise<void>;
  remove(key: string): void | Promise<void>;
  /**
   * Reads and replaces the tokens in one step, in which no other tab can write. `undefined` deletes them. A storage with
   * `shared` reach needs it: otherwise a refresh in one tab could undo a logout in another. Default: `get`, then `set` or
   * `remove`.
   */
  update?(key: string, change: (stored: TokenSet | undefined) => TokenSet | undefined): void | Promise<void>;
}

/** Reads and replaces the tokens of a key, in one step if the storage supports it. */
export async function updateTokens(
  storage: TokenStorage,
  key: string,
  change: (stored: StoredTokenSet | undefined) => StoredTokenSet | undefined,
): Promise<void> {
  if (storage.update) return storage.update(key, change);
  const stored = await storage.get(key);
  const next = change(stored);
  if (next !== stored) await (next ? storage.set(key, next) : storage.remove(key));
}

/**
 * Stores tokens in the memory of this page. A reload restores the session with a silent login. This is the default.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700
 * @example
 * ```ts
 * import { createMemoryStorage } from '@countersign/core/browser';
 *
 * const storage = createMemoryStorage();
 * ```
 */
export function createMemoryStorage(): TokenStorage {
  const entries = new Map<string, TokenSet>();
  return {
    reach: 'memory',
    get: (key) => entries.get(key),
    set: (key, tokens) => void entries.set(key, tokens),
    remove: (key) => void entries.delete(key),
    update(key, change) {
      const next = change(entries.get(key));
      if (next) entries.set(key, next);
      else entries.delete(key);
    },
  };
}

/**
 * Stores tokens in `sessionStorage` (`tab`) or in IndexedDB (`shared`). Each script of the origin can read them: use it only
 * if silent login is not possible, and with a strict Content-Security-Policy.
 *
 * @throws TransportError `store_unavailable` from its methods if IndexedDB cannot be read
 * @see https://www.rfc-editor.org/rfc/rfc9700
 * @example
 * ```ts
 * import { createWebStorage } from '@countersign/core/browser';
 *
 * const storage = createWebStorage('shared');
 * ```
 */
export function createWebStorage(reach: 'tab' | 'shared'): TokenStorage {
  return reach === 'tab' ? createTabStorage() : createSharedStorage();
}

function throwUnavailable(): never {
  throw new TransportError(
    'store_unavailable',
    isDevelopment ? 'IndexedDB could not be read. Try again.' : '',
  );
}

function createTabStorage(): TokenStorage {
  return {
    reach: 'tab',
    async open(key) {
      requireSessionStorage(`${key} test`);
      if (await isDuplicatedTab(`${key} tab`)) sessionStorage.removeItem(key);
    },
    get(key) {
      try {
        const text = sessionStorage.getItem(key) ?? '';
        return parseUntrustedObject(text, { limits: storedLimits }) as unknown as TokenSet;
      } catch {
        return undefined;
      }
    },
    set: (key, tokens) => sessionStorage.setItem(key, JSON.stringify(tokens)),
    remove: (key) => sessionStorage.removeItem(key),
  };
}

/** @throws ConfigurationError `unsupported_by_browser` */
function requireSessionStorage(name: string): void {
  try {
    sessionStorage.setItem(name, '1');
    sessionStorage.removeItem(name);
  } catch {
    throw createFeatureError('sessionStorage', storageRemedy);
  }
}

/**
 * Creates a storage in IndexedDB. Changes of `localStorage` reach other tabs with a delay, so a tab that acquires the lock
 * could read a refresh token that is already spent. Its replay ends the login (RFC 9700 section 4.14.2).
 */
function createSharedStorage(): TokenStorage {
  return {
    reach: 'shared',
    async open() {
      if (await isDatabaseMissing()) throw createFeatureError('IndexedDB', storageRemedy);
    },
    get(key) {
      const read = () =>
        runTransaction('tokens', 'readonly', (store) => toPromise<TokenSet | undefined>(store.get(key)));
      // A failed read is repeated once. It never counts as a logout.
      return read().catch(read).catch(throwUnavailable);
    },
    set: (key, tokens) =>
      runTransaction('tokens', 'readwrite', async (store) => void (await toPromise(store.put(tokens, key)))),
    remove: (key) => runTransaction('tokens', 'readwrite', (store) => toPromise(store.delete(key))),
    // One transaction: the browser orders the transactions of all tabs.
    update: (key, change) =>
      runTransaction('tokens', 'readwrite', async (store) => {
        const stored = await toPromise<TokenSet | undefined>(store.get(key));
        const next = change(stored);
        if (next === stored) return;
        await (next ? toPromise(store.put(next, key)) : toPromise(store.delete(key)));
      }),
  };
}
