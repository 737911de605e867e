import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

const made = new Map<string, Promise<{ key: CryptoKey; jwk: JWK }>>();

/** A signing key of a client, made once per run. */
export function signingKey(alg: string): Promise<{ key: CryptoKey; jwk: JWK }> {
  const known = made.get(alg) ?? make(alg);
  made.set(alg, known);
  return known;
}

async function make(alg: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    key: privateKey as CryptoKey,
    jwk: { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) },
  };
}
