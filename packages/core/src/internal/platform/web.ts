export { fromBase64Url as decodeBase64Url, sha256 } from '../encoding.ts';
export { type AesKey, decryptParts, deriveBytes, encryptParts, importAesKey } from './encryption-web.ts';
export { importVerificationKey, verifySignature } from './signature-web.ts';
