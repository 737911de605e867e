import { decodeUtf8, encodeUtf8, fromBase64Url, toBase64Url } from '../encoding.ts';

/** An AES-256-GCM key. */
export type AesKey = CryptoKey;

/** Derives bytes with HKDF, SHA-256 and no salt. @see https://www.rfc-editor.org/rfc/rfc5869#section-2 */
export async function deriveBytes(secret: Uint8Array, info: string, length: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', secret as BufferSource, 'HKDF', false, ['deriveBits']);
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encodeUtf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, key, length * 8));
}

export const importAesKey = (raw: Uint8Array): Promise<AesKey> =>
  crypto.subtle.importKey('raw', raw as BufferSource, 'AES-GCM', false, ['encrypt', 'decrypt']);

/** Encrypts to the last three parts of a compact JWE, `iv.ciphertext.tag`. @see https://www.rfc-editor.org/rfc/rfc7516#section-7.1 */
export async function encryptParts(key: AesKey, additionalData: string, plaintext: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const algorithm = { name: 'AES-GCM', iv, additionalData: encodeUtf8(additionalData) };
  const encryptedBytes = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, encodeUtf8(plaintext)));
  const tagStart = encryptedBytes.length - 16;
  return [iv, encryptedBytes.subarray(0, tagStart), encryptedBytes.subarray(tagStart)]
    .map(toBase64Url)
    .join('.');
}

/** @throws if a part or the additional data was changed */
export async function decryptParts(
  key: AesKey,
  additionalData: string,
  parts: { readonly iv: string; readonly ciphertext: string; readonly tag: string },
): Promise<string> {
  const ciphertext = fromBase64Url(parts.ciphertext);
  const encryptedBytes = new Uint8Array(ciphertext.length + 16);
  encryptedBytes.set(ciphertext);
  encryptedBytes.set(fromBase64Url(parts.tag), ciphertext.length);
  const algorithm = {
    name: 'AES-GCM',
    iv: fromBase64Url(parts.iv),
    additionalData: encodeUtf8(additionalData),
  };
  return decodeUtf8(new Uint8Array(await crypto.subtle.decrypt(algorithm, key, encryptedBytes)));
}
