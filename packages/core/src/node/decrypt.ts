import { type CryptoKey, compactDecrypt, type KeyObject } from 'jose';
import { ConfigurationError, ValidationError } from '../errors.ts';
import { parseJwtPart } from '../internal/json/jwt-part.ts';

/** Options of {@link createDecrypt}. */
export interface DecryptOptions {
  /** The registered `*_encrypted_response_alg`. Default: `RSA-OAEP-256` and `ECDH-ES`. */
  readonly keyManagementAlgorithms?: readonly string[] | undefined;
  /** The registered `*_encrypted_response_enc`. Default: `A256GCM` and `A128CBC-HS256`. */
  readonly contentEncryptionAlgorithms?: readonly string[] | undefined;
}

/**
 * Creates the option `decrypt` of `createClient()`. It decrypts ID tokens, userinfo and authorization responses with the
 * client's private key. The signature of the decrypted token is still verified.
 *
 * @param key the private key of the registered public key
 * @throws ConfigurationError `missing_option` if there is no key. The returned function throws a ValidationError
 *   `response_malformed` if it cannot decrypt the token.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#Encryption
 * @see https://www.rfc-editor.org/rfc/rfc7516
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { createDecrypt } from '@countersign/core/node';
 *
 * function createDecryptingClient(privateKey: CryptoKey) {
 *   return createClient({
 *     issuer: 'https://auth.example.com',
 *     clientId: 'web',
 *     decrypt: createDecrypt(privateKey, { keyManagementAlgorithms: ['RSA-OAEP-256'] }),
 *   });
 * }
 * ```
 */
export function createDecrypt(
  key: CryptoKey | KeyObject,
  options: DecryptOptions = {},
): (jwe: string) => Promise<string> {
  if (!key) throw new ConfigurationError('missing_option', 'createDecrypt() requires the private key.');
  // The token does not choose the algorithm. The sender controls the cost of password-based ones (RFC 8725 section 3.1).
  const algorithms = {
    keyManagementAlgorithms: [...(options.keyManagementAlgorithms ?? ['RSA-OAEP-256', 'ECDH-ES'])],
    contentEncryptionAlgorithms: [...(options.contentEncryptionAlgorithms ?? ['A256GCM', 'A128CBC-HS256'])],
  };
  return async (jwe) => {
    try {
      // Checks the JSON before the library parses it, because the header is untrusted.
      parseJwtPart(jwe.slice(0, Math.max(0, jwe.indexOf('.'))), {
        createError: (_, problem) => new Error(problem),
      });
      const { plaintext } = await compactDecrypt(jwe, key, algorithms);
      return new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
    } catch {
      throw new ValidationError(
        'response_malformed',
        'decryption',
        'The token cannot be decrypted. Check the key and the algorithms of createDecrypt().',
      );
    }
  };
}
