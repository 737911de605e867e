import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';

/** Creates a key pair of a client, whose public key the provider uses for encryption. */
export async function createEncryptionKey(alg: string): Promise<{ privateKey: CryptoKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), use: 'enc', alg } };
}
