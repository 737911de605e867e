import { TransportError } from '../../errors.ts';
import { parseUntrustedObject, storedLimits } from '../../internal/json/untrusted-json.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import { settled, transact } from './indexed-db.ts';
import type { KeptTokenSet } from './login-holder.ts';
import { isDuplicatedTab } from './tab.ts';

/** Where the tokens of the one signed-in user are kept. */
export interface TokenStorage {
  /** `memory`: gone with the page; `tab`: outlives a reload; `shared`: all tabs see the same. */
  readonly reach: 'memory' | 'tab' | 'shared';
  /** Called once, before anything is read. */
  open?(key: string): Promise<void>;
  get(key: string): TokenSet | undefined | Promise<TokenSet | undefined>;
  set(key: string, tokens: TokenSet): void | Promise<void>;
  remove(key: string): void | Promise<void>;
  /**
   * Reads and replaces in one step, between which no other tab writes; `undefined` removes. A storage with `shared`
   * reach needs it, or a logout in one tab can be undone by a refresh in another. Default: `get`, then `set` or `remove`.
   */
  update?(key: string, change: (kept: TokenSet | undefined) => TokenSet | undefined): void | Promise<void>;
}

/** Reads and replaces the tokens under a key, in one step where the storage can. */
export async function updateTokens(
  storage: TokenStorage,
  key: string,
  change: (kept: KeptTokenSet | undefined) => KeptTokenSet | undefined,
): Promise<void> {
  if (storage.update) return storage.update(key, change);
  const kept = await storage.get(key);
  const next = change(kept);
  if (next !== kept) await (next ? storage.set(key, next) : storage.remove(key));
}

/** Tokens live in this page's memory alone; a reload restores the session by silent login. */
export function createMemoryStorage(): TokenStorage {
  const kept = new Map<string, TokenSet>();
  return {
    reach: 'memory',
    get: (key) => kept.get(key),
    set: (key, tokens) => void kept.set(key, tokens),
    remove: (key) => void kept.delete(key),
    update(key, change) {
      const next = change(kept.get(key));
      if (next) kept.set(key, next);
      else kept.delete(key);
    },
  };
}

/**
 * Tokens live in `sessionStorage` (`tab`) or in IndexedDB (`shared`). Every script of the origin can read them there:
 * choose it only where silent login does not work, and a strict Content-Security-Policy is in place.
 */
export function createWebStorage(reach: 'tab' | 'shared'): TokenStorage {
  return reach === 'tab' ? createTabStorage() : createSharedStorage();
}

function storageFailed(): never {
  throw new TransportError('store_unavailable', 'The tokens could not be read from IndexedDB.');
}

function createTabStorage(): TokenStorage {
  return {
    reach: 'tab',
    async open(key) {
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

/**
 * Not `localStorage`: its changes reach other tabs at some later time. A tab that was given the lock would find the
 * refresh token that the holder before it has just spent, and replaying that one ends the login (RFC 9700 section 4.14.2).
 */
function createSharedStorage(): TokenStorage {
  return {
    reach: 'shared',
    get(key) {
      const read = () =>
        transact('tokens', 'readonly', (store) => settled<TokenSet | undefined>(store.get(key)));
      // A read that fails says nothing about the login: it is tried again, and is never taken for a logout.
      return read().catch(read).catch(storageFailed);
    },
    set: (key, tokens) =>
      transact('tokens', 'readwrite', async (store) => void (await settled(store.put(tokens, key)))),
    remove: (key) => transact('tokens', 'readwrite', (store) => settled(store.delete(key))),
    // One transaction: the browser puts those of all tabs into one order.
    update: (key, change) =>
      transact('tokens', 'readwrite', async (store) => {
        const kept = await settled<TokenSet | undefined>(store.get(key));
        const next = change(kept);
        if (next === kept) return;
        await (next ? settled(store.put(next, key)) : settled(store.delete(key)));
      }),
  };
}
