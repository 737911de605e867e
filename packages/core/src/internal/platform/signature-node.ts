import type { KeyObject } from 'node:crypto';
import type { JsonObject } from '../json/json.ts';
import {
  describeAlgorithm,
  type SignatureAlgorithm,
  type VerificationKey,
} from '../signatures/signature-algorithms.ts';
import { getNodeCrypto } from './node-crypto.ts';
import { verifyRsaInBatch } from './rsa-batch-node.ts';

/** Imports the public key of a JSON Web Key. @throws if the key is malformed */
export async function importVerificationKey(
  jwk: JsonObject,
  _: SignatureAlgorithm,
): Promise<VerificationKey> {
  return getNodeCrypto().createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
}

/** Verifies a JWS signature. The caller checks that the key is for the algorithm. */
export function verifySignature(
  alg: SignatureAlgorithm,
  verificationKey: VerificationKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { constants, verify } = getNodeCrypto();
  const key = verificationKey as KeyObject;
  const { family, hash, size } = describeAlgorithm(alg);
  if (size !== undefined && signature.byteLength !== size) return Promise.resolve(false);
  const digest = hash?.replace('-', '').toLowerCase();
  if (digest !== undefined && family === 'RSA') return verifyRsaInBatch({ digest, data, key, signature });
  if (digest !== undefined && family === 'RSA-PSS') {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    return verifyRsaInBatch({ digest, data, key: { key, padding, saltLength }, signature });
  }
  return new Promise((resolve, reject) => {
    const input = family === 'EC' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
    verify(digest, data, input, signature, (error, valid) => (error ? reject(error) : resolve(valid)));
  });
}
