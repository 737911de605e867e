import type { TokenSet } from '../tokens/token-set.ts';
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
}

/** Tokens live in this page's memory alone; a reload restores the session by silent login. */
export function createMemoryStorage(): TokenStorage {
  const kept = new Map<string, TokenSet>();
  return {
    reach: 'memory',
    get: (key) => kept.get(key),
    set: (key, tokens) => void kept.set(key, tokens),
    remove: (key) => void kept.delete(key),
  };
}

/**
 * Tokens live in `sessionStorage` (`tab`) or `localStorage` (`shared`). Every script of the origin can read them there:
 * choose it only where silent login does not work, and a strict Content-Security-Policy is in place.
 */
export function createWebStorage(reach: 'tab' | 'shared'): TokenStorage {
  const area = () => (reach === 'tab' ? sessionStorage : localStorage);
  return {
    reach,
    async open(key) {
      if (reach === 'tab' && (await isDuplicatedTab(`${key} tab`))) sessionStorage.removeItem(key);
    },
    get(key) {
      try {
        return JSON.parse(area().getItem(key) ?? 'null') ?? undefined;
      } catch {
        return undefined;
      }
    },
    set: (key, tokens) => area().setItem(key, JSON.stringify(tokens)),
    remove: (key) => area().removeItem(key),
  };
}
