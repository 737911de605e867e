import { decodeUtf8, encodeUtf8, fromBase64Url, sha256, toBase64Url } from '../internal/encoding.ts';
import { isJsonObject } from '../internal/json/json.ts';
import { parseUntrustedObject, storedLimits } from '../internal/json/untrusted-json.ts';
import type { TokenSet } from './token-set.ts';

/** Keeps small texts for a short time, by key. It can read nothing of what it keeps. */
export interface SuccessorStore {
  get(key: string): Promise<string | undefined>;
  /** @param timeToLive milliseconds */
  set(key: string, value: string, timeToLive: number): Promise<void>;
}

/** What came of a refresh token: the tokens, and what the session made of them (for a cookie session the cookie itself). */
export interface Successor {
  readonly tokens: TokenSet;
  readonly carry?: string;
}

/** Entries of the in-process store at most; the oldest go first. */
const maxEntries = 10_000;

/**
 * A successor store within this process, bounded.
 *
 * @param now milliseconds; the default is a clock that no change of the time of day moves, or a jump would make
 *   late requests spend old refresh tokens
 */
export function createMemorySuccessorStore(now: () => number = () => performance.now()): SuccessorStore {
  const entries = new Map<string, { readonly value: string; readonly until: number }>();
  return {
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
  };
}

/** The name under which a refresh token's successor is kept and its lock is held; it tells nothing about the token. */
export function refreshTokenKey(
  refreshToken: string,
  scope: { issuer: string; clientId: string },
): Promise<string> {
  return sha256(JSON.stringify(['countersign refresh', scope.issuer, scope.clientId, refreshToken]));
}

/** Encrypts a successor so that only a holder of the old refresh token can read it. */
export async function sealSuccessor(refreshToken: string, successor: Successor): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await successorKey(refreshToken);
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv },
    key,
    encodeUtf8(JSON.stringify(successor)),
  );
  return `${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`;
}

/** Opens what {@link sealSuccessor} made; anything else is `undefined`. */
export async function openSuccessor(refreshToken: string, value: string): Promise<Successor | undefined> {
  try {
    const [iv = '', sealed = ''] = value.split('.');
    const key = await successorKey(refreshToken);
    const plain = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: fromBase64Url(iv) },
      key,
      fromBase64Url(sealed),
    );
    const successor = parseUntrustedObject(decodeUtf8(new Uint8Array(plain)), { limits: storedLimits });
    return isJsonObject(successor.tokens) ? (successor as unknown as Successor) : undefined;
  } catch {
    return undefined;
  }
}

async function successorKey(refreshToken: string): Promise<CryptoKey> {
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
