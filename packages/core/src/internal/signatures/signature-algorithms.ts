import type { JsonObject } from '../json/json.ts';
import { isSameAlgorithm } from './algorithm-names.ts';
import { isSecureRsaKey } from './rsa-key.ts';

/**
 * The supported JWS algorithms. All are asymmetric: HMAC and `none` are excluded.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc9864#section-2
 */
export type SignatureAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

interface AlgorithmProperties {
  readonly family: 'RSA' | 'RSA-PSS' | 'EC' | 'OKP';
  readonly hash: 'SHA-256' | 'SHA-384' | 'SHA-512' | undefined;
  readonly curve?: string;
  /** Size of a signature in bytes, if the algorithm defines it. */
  readonly size?: number;
}

const ec = (hash: 'SHA-256' | 'SHA-384' | 'SHA-512', curve: string, size: number): AlgorithmProperties => ({
  family: 'EC',
  hash,
  curve,
  size,
});
const rsa = (family: 'RSA' | 'RSA-PSS', hash: 'SHA-256' | 'SHA-384' | 'SHA-512'): AlgorithmProperties => ({
  family,
  hash,
});
const ed25519: AlgorithmProperties = { family: 'OKP', hash: undefined, curve: 'Ed25519', size: 64 };

const algorithms: Readonly<Record<SignatureAlgorithm, AlgorithmProperties>> = {
  RS256: rsa('RSA', 'SHA-256'),
  RS384: rsa('RSA', 'SHA-384'),
  RS512: rsa('RSA', 'SHA-512'),
  PS256: rsa('RSA-PSS', 'SHA-256'),
  PS384: rsa('RSA-PSS', 'SHA-384'),
  PS512: rsa('RSA-PSS', 'SHA-512'),
  ES256: ec('SHA-256', 'P-256', 64),
  ES384: ec('SHA-384', 'P-384', 96),
  ES512: ec('SHA-512', 'P-521', 132),
  EdDSA: ed25519,
  Ed25519: ed25519,
};

/** The names of the supported algorithms. */
export const signatureAlgorithms = Object.keys(algorithms) as readonly SignatureAlgorithm[];

export const isSignatureAlgorithm = (value: unknown): value is SignatureAlgorithm =>
  typeof value === 'string' && Object.hasOwn(algorithms, value);

export const describeAlgorithm = (alg: SignatureAlgorithm): AlgorithmProperties => algorithms[alg];

/**
 * Returns true if a JSON Web Key may verify signatures of the algorithm, by its `kty`, `crv`, `alg`, `use` and `key_ops`.
 * The key decides and not the token. Otherwise a key could be used with another algorithm (RFC 8725 section 3.1).
 */
export function isKeyForAlgorithm(jwk: JsonObject, alg: SignatureAlgorithm): boolean {
  const { family, curve } = algorithms[alg];
  const kty = family === 'EC' ? 'EC' : family === 'OKP' ? 'OKP' : 'RSA';
  if (jwk.kty !== kty || (curve !== undefined && jwk.crv !== curve)) return false;
  if (jwk.alg !== undefined && !isSameAlgorithm(jwk.alg, alg)) return false;
  if (jwk.use !== undefined && jwk.use !== 'sig') return false;
  if (kty === 'RSA' && !isSecureRsaKey(jwk)) return false;
  return jwk.key_ops === undefined || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'));
}

/** A public key for `verifySignature()`. Its type depends on the platform. */
export interface VerificationKey {
  readonly type: string;
}
