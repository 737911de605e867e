export { decodeBase64Url, sha256 } from './encoding-node.ts';
export { type AesKey, decryptParts, deriveBytes, encryptParts, importAesKey } from './sealing-node.ts';
export { importVerificationKey, verifySignature } from './signature-node.ts';
