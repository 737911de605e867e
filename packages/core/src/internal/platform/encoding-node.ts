/** Bytes of base64url; the caller has made sure that it is nothing else. */
export const decodeBase64Url = (text: string): Uint8Array => Buffer.from(text, 'base64url');
