import type { JsonObject } from './json/json.ts';
import { isSoundRsaKey } from './rsa-key.ts';

/** Asymmetric JWS algorithms that are verified here. HMAC and `none` cannot be named. @see RFC 7518 section 3.1, RFC 9864 */
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

export type SignatureFamily = 'RSA' | 'RSA-PSS' | 'EC' | 'OKP';

interface Description {
  readonly family: SignatureFamily;
  readonly hash: 'SHA-256' | 'SHA-384' | 'SHA-512' | undefined;
  readonly curve?: string;
  /** Bytes of a signature, where the algorithm fixes them. */
  readonly size?: number;
}

const ec = (hash: 'SHA-256' | 'SHA-384' | 'SHA-512', curve: string, size: number): Description => ({
  family: 'EC',
  hash,
  curve,
  size,
});
const rsa = (family: 'RSA' | 'RSA-PSS', hash: 'SHA-256' | 'SHA-384' | 'SHA-512'): Description => ({
  family,
  hash,
});
const ed25519: Description = { family: 'OKP', hash: undefined, curve: 'Ed25519', size: 64 };

const descriptions: Readonly<Record<SignatureAlgorithm, Description>> = {
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

/** Every algorithm that can be named. */
export const signatureAlgorithms = Object.keys(descriptions) as readonly SignatureAlgorithm[];

export const isSignatureAlgorithm = (value: unknown): value is SignatureAlgorithm =>
  typeof value === 'string' && Object.hasOwn(descriptions, value);

export const describeAlgorithm = (alg: SignatureAlgorithm): Description => descriptions[alg];

/**
 * True when a JSON Web Key may verify signatures of the algorithm: its kind, curve, `alg`, `use` and `key_ops` agree.
 * A key's own kind decides, never the token, or one algorithm's key could be taken for another's (RFC 8725 section 3.1).
 */
export function keyFits(jwk: JsonObject, alg: SignatureAlgorithm): boolean {
  const { family, curve } = descriptions[alg];
  const kty = family === 'EC' ? 'EC' : family === 'OKP' ? 'OKP' : 'RSA';
  if (jwk.kty !== kty || (curve !== undefined && jwk.crv !== curve)) return false;
  if (jwk.alg !== undefined && jwk.alg !== alg && !(kty === 'OKP' && isEdwards(jwk.alg))) return false;
  if (jwk.use !== undefined && jwk.use !== 'sig') return false;
  if (kty === 'RSA' && !isSoundRsaKey(jwk)) return false;
  return jwk.key_ops === undefined || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'));
}

/** `EdDSA` with an Ed25519 key and `Ed25519` are one algorithm with two names (RFC 9864 section 2.2). */
const isEdwards = (alg: unknown): boolean => alg === 'EdDSA' || alg === 'Ed25519';

/** A public key ready for `verifySignature`; what it is, only the platform knows. */
export interface VerificationKey {
  readonly type: string;
}
