import type { KeyObject } from 'node:crypto';
import { getNodeCrypto } from './node-crypto.ts';

/** An AES-256-GCM key. */
export type AesKey = KeyObject;

/** Derives bytes with HKDF, SHA-256 and no salt. @see https://www.rfc-editor.org/rfc/rfc5869#section-2 */
export function deriveBytes(secret: Uint8Array, info: string, length: number): Uint8Array {
  return new Uint8Array(getNodeCrypto().hkdfSync('sha256', secret, '', info, length));
}

export const importAesKey = (raw: Uint8Array): AesKey => getNodeCrypto().createSecretKey(raw);

// Requesting random bytes in blocks is faster.
const randomBytes = Buffer.alloc(12 * 256);
let usedBytes = randomBytes.length;

function createIv(): Buffer {
  if (usedBytes === randomBytes.length) {
    getNodeCrypto().randomFillSync(randomBytes);
    usedBytes = 0;
  }
  usedBytes += 12;
  return randomBytes.subarray(usedBytes - 12, usedBytes);
}

/** Encrypts to the last three parts of a compact JWE, `iv.ciphertext.tag`. @see https://www.rfc-editor.org/rfc/rfc7516#section-7.1 */
export function encryptParts(key: AesKey, additionalData: string, plaintext: string): string {
  const iv = createIv();
  const cipher = getNodeCrypto().createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(additionalData, 'latin1'));
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return `${iv.toString('base64url')}.${ciphertext.toString('base64url')}.${cipher.getAuthTag().toString('base64url')}`;
}

/** @throws if a part or the additional data was changed */
export function decryptParts(
  key: AesKey,
  additionalData: string,
  parts: { readonly iv: string; readonly ciphertext: string; readonly tag: string },
): string {
  const decipher = getNodeCrypto().createDecipheriv('aes-256-gcm', key, Buffer.from(parts.iv, 'base64url'), {
    authTagLength: 16,
  });
  decipher.setAAD(Buffer.from(additionalData, 'latin1'));
  decipher.setAuthTag(Buffer.from(parts.tag, 'base64url'));
  const start = decipher.update(Buffer.from(parts.ciphertext, 'base64url'));
  // The text is not read before the tag is verified.
  const end = decipher.final();
  return end.length === 0 ? start.toString('utf8') : Buffer.concat([start, end]).toString('utf8');
}
