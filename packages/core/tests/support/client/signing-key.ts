import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

const keys = new Map<string, Promise<{ key: CryptoKey; jwk: JWK }>>();

/** Returns a client's signing key, which is created once per run. */
export function getSigningKey(alg: string): Promise<{ key: CryptoKey; jwk: JWK }> {
  const key = keys.get(alg) ?? createKey(alg);
  keys.set(alg, key);
  return key;
}

async function createKey(alg: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    key: privateKey as CryptoKey,
    jwk: { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) },
  };
}
