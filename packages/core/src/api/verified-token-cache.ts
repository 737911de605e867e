import type { KeyLife, KeySet } from './key-set.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';

export interface CachedToken {
  readonly token: string;
  readonly verified: VerifiedAccessToken;
  /** Settled with the same: callers share it, so that a hit costs no allocation. */
  readonly result: Promise<VerifiedAccessToken>;
  /** Milliseconds since the epoch from which on the entry is dead. */
  readonly deadAt: number;
  /** The key that verified it: when the key goes, the entry goes. */
  readonly key: KeyLife;
  readonly keys: KeySet | undefined;
  readonly issuer: string;
}

export interface VerifiedTokenCache {
  get(token: string): CachedToken | undefined;
  set(entry: CachedToken): void;
  readonly size: number;
}

/**
 * Verified tokens in two generations: when the young one is full it becomes the old one, and what is asked for
 * again moves up. Bounded in entries and in characters, without bookkeeping on a hit.
 *
 * Entries are found by a number made of the end of the signature, and then compared in full: a key that is cut or
 * hashed must never be what decides. Of two tokens with the same number the later one is remembered.
 */
export function createVerifiedTokenCache(limits: {
  readonly maxEntries: number;
  readonly maxCharacters: number;
}): VerifiedTokenCache {
  const entriesPerGeneration = Math.ceil(limits.maxEntries / 2);
  const charactersPerGeneration = Math.ceil(limits.maxCharacters / 2);
  let young = new Map<number, CachedToken>();
  let old = new Map<number, CachedToken>();
  let characters = 0;

  function set(entry: CachedToken): void {
    const { token } = entry;
    if (entriesPerGeneration === 0 || token.length > charactersPerGeneration) return;
    if (young.size >= entriesPerGeneration || characters + token.length > charactersPerGeneration) {
      old = young;
      young = new Map();
      characters = 0;
    }
    young.set(tailOf(token), entry);
    characters += token.length;
  }

  return {
    get(token) {
      const tail = tailOf(token);
      const entry = young.get(tail);
      if (entry?.token === token) return entry;
      const aged = old.get(tail);
      if (aged === undefined || aged.token !== token) return undefined;
      set(aged);
      return aged;
    },
    set,
    get size() {
      return young.size + old.size;
    },
  };
}

/** 30 bits of the end of a signature, all but its last character, of which some algorithms fill two bits only. */
function tailOf(token: string): number {
  let tail = 0;
  for (let at = token.length - 9; at < token.length - 1; at++) tail = (tail * 31 + token.charCodeAt(at)) | 0;
  return tail & 0x3fff_ffff;
}
