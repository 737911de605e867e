export { decodeBase64Url, sha256 } from './encoding-node.ts';
export { type AesKey, decryptParts, deriveBytes, encryptParts, importAesKey } from './encryption-node.ts';
export { importVerificationKey, verifySignature } from './signature-node.ts';
