import type { JsonObject } from '../json/json.ts';
import {
  describeAlgorithm,
  type SignatureAlgorithm,
  type VerificationKey,
} from '../signatures/signature-algorithms.ts';

/** Imports the public key of a JSON Web Key. @throws if the key is malformed */
export async function importVerificationKey(
  jwk: JsonObject,
  alg: SignatureAlgorithm,
): Promise<VerificationKey> {
  // The caller checks `use`, `alg` and `key_ops`. They are omitted, because platforms differ in what they accept.
  const { kty, crv, x, y, n, e } = jwk as JsonWebKey;
  const material = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  );
  return crypto.subtle.importKey('jwk', material, importParameters(alg), false, ['verify']);
}

/** Verifies a JWS signature. The caller checks that the key is for the algorithm. */
export async function verifySignature(
  alg: SignatureAlgorithm,
  key: VerificationKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { family, hash, size } = describeAlgorithm(alg);
  if (size !== undefined && signature.byteLength !== size) return false;
  const parameters =
    family === 'RSA'
      ? { name: 'RSASSA-PKCS1-v1_5' }
      : family === 'RSA-PSS'
        ? { name: 'RSA-PSS', saltLength: Number(hash?.slice(4)) / 8 }
        : family === 'EC'
          ? { name: 'ECDSA', hash: hash as string }
          : { name: 'Ed25519' };
  return crypto.subtle.verify(parameters, key as CryptoKey, signature as BufferSource, data as BufferSource);
}

function importParameters(alg: SignatureAlgorithm): RsaHashedImportParams | EcKeyImportParams | Algorithm {
  const { family, hash, curve } = describeAlgorithm(alg);
  if (family === 'RSA') return { name: 'RSASSA-PKCS1-v1_5', hash: hash as string };
  if (family === 'RSA-PSS') return { name: 'RSA-PSS', hash: hash as string };
  if (family === 'EC') return { name: 'ECDSA', namedCurve: curve as string };
  return { name: 'Ed25519' };
}
