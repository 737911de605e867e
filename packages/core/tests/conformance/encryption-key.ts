import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A key that the provider encrypts to. */
export async function encryptionKey(alg: string): Promise<{ privateKey: CryptoKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), use: 'enc', alg } };
}
