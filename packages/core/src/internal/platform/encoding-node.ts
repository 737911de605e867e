import { nodeCrypto } from './node-crypto.ts';

/** Bytes of base64url; the caller has made sure that it is nothing else. */
export const decodeBase64Url = (text: string): Uint8Array => Buffer.from(text, 'base64url');

/** SHA-256 of a text, base64url; at once, where Web Crypto goes to another thread and back. */
export const sha256 = (text: string): string => nodeCrypto().hash('sha256', text, 'base64url');
