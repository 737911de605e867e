export { fromBase64Url as decodeBase64Url } from '../encoding.ts';
export { type AesKey, decryptParts, deriveBytes, encryptParts, importAesKey } from './sealing-web.ts';
export { importVerificationKey, verifySignature } from './signature-web.ts';
