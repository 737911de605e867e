import type { KeyObject } from 'node:crypto';
import type { JsonObject } from '../json/json.ts';
import { describeAlgorithm, type SignatureAlgorithm, type VerificationKey } from '../signature-algorithms.ts';
import { nodeCrypto } from './node-crypto.ts';
import { verifyRsaInTurn } from './rsa-turn-node.ts';

/** Imports the public part of a JSON Web Key. @throws when the key is malformed */
export async function importVerificationKey(
  jwk: JsonObject,
  _: SignatureAlgorithm,
): Promise<VerificationKey> {
  return nodeCrypto().createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
}

/** Verifies a JWS signature. The caller has made sure that key and algorithm fit. */
export function verifySignature(
  alg: SignatureAlgorithm,
  verificationKey: VerificationKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { constants, verify } = nodeCrypto();
  const key = verificationKey as KeyObject;
  const { family, hash, size } = describeAlgorithm(alg);
  if (size !== undefined && signature.byteLength !== size) return Promise.resolve(false);
  const digest = hash?.replace('-', '').toLowerCase();
  if (digest !== undefined && family === 'RSA') return verifyRsaInTurn({ digest, data, key, signature });
  if (digest !== undefined && family === 'RSA-PSS') {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    return verifyRsaInTurn({ digest, data, key: { key, padding, saltLength }, signature });
  }
  return new Promise((resolve, reject) => {
    const input = family === 'EC' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
    verify(digest, data, input, signature, (error, valid) => (error ? reject(error) : resolve(valid)));
  });
}
