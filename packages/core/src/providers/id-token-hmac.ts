import { encodeUtf8 } from '../internal/encoding.ts';

/** Verifies the HMAC of an ID token. */
export type IdTokenHmac = (signedText: BufferSource, signature: BufferSource) => Promise<boolean>;

/**
 * The member of a preset that verifies ID tokens with the client secret (HS256). It is not exported, so that no application
 * accepts HMAC by accident: each holder of the secret could issue ID tokens (RFC 8725 section 3.2).
 */
export const idTokenHmac: unique symbol = Symbol('idTokenHmac');

/** Creates the verification with a secret. A preset that is logged does not reveal the secret. */
export function createIdTokenHmac(secret: string): IdTokenHmac {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return async (signedText, signature) => {
    const key = await crypto.subtle.importKey('raw', encodeUtf8(secret), algorithm, false, ['verify']);
    return crypto.subtle.verify('HMAC', key, signature, signedText);
  };
}
