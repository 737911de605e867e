import { getNodeCrypto } from './node-crypto.ts';

/** Decodes base64url. The caller validates the characters. */
export const decodeBase64Url = (text: string): Uint8Array => Buffer.from(text, 'base64url');

/** Calculates the SHA-256 of a text as base64url. It is synchronous and faster than Web Crypto. */
export const sha256 = (text: string): string => getNodeCrypto().hash('sha256', text, 'base64url');
