// The environment jsdom of Jest has neither. Modules must load there, and a test may add them later.
const encoder = typeof TextEncoder === 'undefined' ? undefined : new TextEncoder();
const decoder = typeof TextDecoder === 'undefined' ? undefined : createDecoder();

function createDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { fatal: true });
}

/** Encodes a text as UTF-8. */
export const encodeUtf8 = (text: string): Uint8Array<ArrayBuffer> =>
  (encoder ?? new TextEncoder()).encode(text);

/** Decodes UTF-8. @throws TypeError if the bytes are malformed */
export const decodeUtf8 = (bytes: Uint8Array): string => (decoder ?? createDecoder()).decode(bytes);

/** Encodes as base64url without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** Decodes base64url without padding. @throws TypeError if the text is not base64url */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new TypeError('not base64url');
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Decodes a base64url character to its six bits. */
export function decodeBase64UrlCharacter(code: number): number {
  if (code >= 97) return code - 71;
  if (code === 95) return 63;
  if (code >= 65) return code - 65;
  return code === 45 ? 62 : code + 4;
}

/** Creates a random value of 256 bits as 43 base64url characters. */
export const createRandomToken = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(32)));

/** Calculates the SHA-256 of a text as base64url. */
export async function sha256(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', encodeUtf8(text))));
}
