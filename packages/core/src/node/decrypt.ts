import { type CryptoKey, compactDecrypt, type KeyObject } from 'jose';
import { ConfigurationError, ValidationError } from '../errors.ts';
import { parseJwtPart } from '../internal/json/jwt-part.ts';

/** Which algorithms are opened. */
export interface DecryptOptions {
  /** The registered `*_encrypted_response_alg`. Default: `RSA-OAEP-256` and `ECDH-ES`. */
  readonly keyManagementAlgorithms?: readonly string[];
  /** The registered `*_encrypted_response_enc`. Default: `A256GCM` and `A128CBC-HS256`. */
  readonly contentEncryptionAlgorithms?: readonly string[];
}

/**
 * Opens encrypted ID tokens, userinfo and authorization responses with the client's private key: `createClient({ decrypt })`.
 * What is inside is still verified by its signature.
 *
 * @throws ConfigurationError when there is no key. The returned function throws a ValidationError when a text cannot be opened.
 * @see OpenID Connect Core section 10.2, RFC 7516
 */
export function createDecrypt(
  key: CryptoKey | KeyObject,
  options: DecryptOptions = {},
): (jwe: string) => Promise<string> {
  if (!key) throw new ConfigurationError('missing_option', 'createDecrypt() needs the private key.');
  // Named here and never taken from the token: no password-based algorithm, whose work the sender sets (RFC 8725 section 3.1).
  const algorithms = {
    keyManagementAlgorithms: [...(options.keyManagementAlgorithms ?? ['RSA-OAEP-256', 'ECDH-ES'])],
    contentEncryptionAlgorithms: [...(options.contentEncryptionAlgorithms ?? ['A256GCM', 'A128CBC-HS256'])],
  };
  return async (jwe) => {
    try {
      // Before the library parses the header: the sender of the JWE chooses it.
      parseJwtPart(jwe.slice(0, Math.max(0, jwe.indexOf('.'))), {
        refuse: (_, problem) => new Error(problem),
      });
      const { plaintext } = await compactDecrypt(jwe, key, algorithms);
      return new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
    } catch {
      throw new ValidationError('response_malformed', 'decryption', 'An encrypted token cannot be opened.');
    }
  };
}
