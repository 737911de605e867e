import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A key pair of the server. */
export interface ServerKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
}

async function generate(alg: string): Promise<ServerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = (await calculateJwkThumbprint(jwk)).slice(0, 12);
  const use = /^(RSA-OAEP|ECDH)/.test(alg) ? 'enc' : 'sig';
  return { alg, kid, privateKey, publicKey, publicJwk: { ...jwk, kid, alg, use } };
}

const pool = new Map<string, Promise<ServerKey>[]>();

/** Returns a key of this process. Servers share keys, because RSA keys are slow to generate. */
function getPooledKey(alg: string, index: number): Promise<ServerKey> {
  const keys = pool.get(alg) ?? [];
  pool.set(alg, keys);
  keys[index] ??= generate(alg);
  return keys[index];
}

/** The keys of one server. */
export interface KeyRing {
  /** The current key for an algorithm. */
  current(alg: string): Promise<ServerKey>;
  /** A key that the server never publishes. */
  foreign(alg: string): Promise<ServerKey>;
  /** Every key that is published. */
  listPublishedKeys(): Promise<ServerKey[]>;
  /** Replaces the current keys. The previous keys are no longer published, unless `keepOld` is set. */
  rotate(options?: { readonly keepOld?: boolean }): Promise<void>;
}

/** Creates a key ring. With `exclusive`, its keys are not shared with other servers of the process. */
export function createKeyRing(algs: readonly string[], options: { readonly exclusive: boolean }): KeyRing {
  const supportedAlgs = new Set(algs);
  const cache = new Map<string, Promise<ServerKey>>();
  let generation = 0;
  let previousKeys: ServerKey[] = [];
  const getKey = (alg: string, index: number) => {
    if (!options.exclusive) return getPooledKey(alg, index);
    const name = `${alg} ${index}`;
    const key = cache.get(name) ?? generate(alg);
    cache.set(name, key);
    return key;
  };
  const ring: KeyRing = {
    current(alg) {
      supportedAlgs.add(alg);
      return getKey(alg, generation * 2);
    },
    foreign: (alg) => getKey(alg, generation * 2 + 1),
    async listPublishedKeys() {
      return [...(await Promise.all([...supportedAlgs].map((alg) => ring.current(alg)))), ...previousKeys];
    },
    async rotate({ keepOld = false } = {}) {
      previousKeys = keepOld ? await ring.listPublishedKeys() : [];
      generation += 1;
    },
  };
  return ring;
}
