import { decodeUtf8, encodeUtf8, fromBase64Url, sha256, toBase64Url } from '../../internal/encoding.ts';
import { isJsonObject } from '../../internal/json/json.ts';
import { parseUntrustedObject, storedLimits } from '../../internal/json/untrusted-json.ts';
import { markAsMemory } from '../../internal/memory-mark.ts';
import type { TokenSet } from '../token-set.ts';

/**
 * Stores short strings for a short time. The values are encrypted: the store cannot read them.
 *
 * Redis implements it in `@countersign/redis`; `successorStoreContract` of `@countersign/testing/contracts` tests another
 * implementation. A call that takes longer than 5,000 milliseconds counts as failed.
 */
export interface SuccessorStore {
  get(key: string): Promise<string | undefined>;
  /**
   * Stores a value and replaces a previous one.
   *
   * @param timeToLive milliseconds after which the value is deleted
   */
  set(key: string, value: string, timeToLive: number): Promise<void>;
}

/** The result of a refresh: the next tokens, and the session that contains them, for example the session cookie. */
export interface Successor {
  readonly tokens: TokenSet;
  readonly sealedSession?: string;
}

/** Entries in memory. The oldest are evicted first. */
const maxEntries = 10_000;

/**
 * Creates a successor store for one process, with at most 10,000 entries.
 *
 * @param now milliseconds. Default: a monotonic clock. With the time of day, a change of the clock would let late requests
 *   send previous refresh tokens.
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
 * @example
 * ```ts
 * import { type Client, createMemorySuccessorStore, createRefreshCoordinator } from '@countersign/core';
 *
 * const createCoordinator = (client: Client) =>
 *   createRefreshCoordinator(client, { successors: createMemorySuccessorStore() });
 * ```
 */
export function createMemorySuccessorStore(now: () => number = () => performance.now()): SuccessorStore {
  const entries = new Map<string, { readonly value: string; readonly until: number }>();
  return markAsMemory({
    async get(key) {
      const entry = entries.get(key);
      if (entry && entry.until > now()) return entry.value;
      entries.delete(key);
      return undefined;
    },
    async set(key, value, timeToLive) {
      entries.delete(key);
      entries.set(key, { value, until: now() + timeToLive });
      for (const [oldest, entry] of entries) {
        if (entries.size <= maxEntries && entry.until > now()) break;
        entries.delete(oldest);
      }
    },
  });
}

/** Creates the key of the successor and of the lock of a refresh token. The token cannot be derived from it. */
export function createRefreshTokenKey(
  refreshToken: string,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
): Promise<string> {
  return sha256(JSON.stringify(['countersign refresh', issuer, clientId, refreshToken]));
}

/** Encrypts a successor with a key that is derived from the previous refresh token. */
export async function encryptSuccessor(refreshToken: string, successor: Successor): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await deriveSuccessorKey(refreshToken);
  const ciphertext = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv },
    key,
    encodeUtf8(JSON.stringify(successor)),
  );
  return `${toBase64Url(iv)}.${toBase64Url(new Uint8Array(ciphertext))}`;
}

/** Decrypts the result of {@link encryptSuccessor}. Returns `undefined` for any other value. */
export async function decryptSuccessor(refreshToken: string, value: string): Promise<Successor | undefined> {
  try {
    const [iv = '', ciphertext = ''] = value.split('.');
    const key = await deriveSuccessorKey(refreshToken);
    const plain = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: fromBase64Url(iv) },
      key,
      fromBase64Url(ciphertext),
    );
    const successor = parseUntrustedObject(decodeUtf8(new Uint8Array(plain)), { limits: storedLimits });
    return isJsonObject(successor.tokens) ? (successor as unknown as Successor) : undefined;
  } catch {
    return undefined;
  }
}

async function deriveSuccessorKey(refreshToken: string): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey('raw', encodeUtf8(refreshToken), 'HKDF', false, ['deriveKey']);
  const derivation = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encodeUtf8('countersign successor'),
  };
  return crypto.subtle.deriveKey(derivation, secret, { name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
}
