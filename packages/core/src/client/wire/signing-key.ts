import { ConfigurationError } from '../../errors.ts';
import type { WebCryptoKey } from '../../internal/crypto-types.ts';

/**
 * Checks a key that signs requests of the client. Otherwise the first request would fail, as if the provider were the cause.
 *
 * @param name the option that contains the key, for the message
 * @throws ConfigurationError `invalid_option`
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.1
 */
export function checkSigningKey(name: string, key: WebCryptoKey | undefined): void {
  const problem = findProblem(key);
  if (problem !== undefined) throw new ConfigurationError('invalid_option', `"${name}" ${problem}`);
}

function findProblem(key: WebCryptoKey | undefined): string | undefined {
  const { type, usages, algorithm }: Partial<WebCryptoKey> = key ?? {};
  if (typeof algorithm !== 'object' || algorithm === null || !Array.isArray(usages))
    return 'is not a CryptoKey.';
  if (type !== 'private') return `is a ${type} key, expected a private key.`;
  if (!usages.includes('sign')) return 'is not allowed to sign. Import the key with the usage "sign".';
  return findAlgorithmProblem(
    algorithm as { name: string; modulusLength?: number; namedCurve?: string; hash?: { name: string } },
  );
}

function findAlgorithmProblem({
  name,
  modulusLength = 0,
  namedCurve = '',
  hash,
}: {
  readonly name: string;
  readonly modulusLength?: number;
  readonly namedCurve?: string;
  readonly hash?: { readonly name: string };
}): string | undefined {
  if (name === 'RSASSA-PKCS1-v1_5' || name === 'RSA-PSS') {
    // Shorter keys can be factored (RFC 7518 sections 3.3 and 3.5).
    if (modulusLength < 2048) return `is an RSA key of ${modulusLength} bits, expected at least 2048 bits.`;
    const hashName = hash?.name ?? 'missing';
    return /^SHA-(256|384|512)$/.test(hashName)
      ? undefined
      : `has the hash ${hashName}, expected SHA-256, SHA-384 or SHA-512.`;
  }
  if (name === 'ECDSA') {
    const isSupported = /^P-(256|384|521)$/.test(namedCurve);
    return isSupported ? undefined : `has the curve ${namedCurve}, expected P-256, P-384 or P-521.`;
  }
  return /^(Ed25519|EdDSA|ML-DSA-(44|65|87))$/.test(name)
    ? undefined
    : `has the algorithm ${name}, expected RSASSA-PKCS1-v1_5, RSA-PSS, ECDSA or Ed25519.`;
}

/**
 * Chooses the name of the algorithm of an Ed25519 key: `Ed25519`, or `EdDSA` if the metadata lists only this older name.
 * The protocol library always writes `Ed25519`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9864#section-2.2
 */
export function chooseAlgorithmName(header: { alg?: unknown }, supportedNames: unknown): void {
  if (header.alg !== 'Ed25519' || !Array.isArray(supportedNames)) return;
  if (supportedNames.includes('EdDSA') && !supportedNames.includes('Ed25519')) header.alg = 'EdDSA';
}
