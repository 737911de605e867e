import { isSecureRsaKey } from '../signatures/rsa-key.ts';
import { isJsonObject, type JsonObject, removeNullMembers } from './json.ts';

/**
 * Returns the usable keys of a JSON Web Key Set. A malformed or insecure key is omitted, and the others stay usable
 * (RFC 7517 section 5). A member that is `null` counts as absent.
 *
 * @returns `undefined` if the document is not a JSON Web Key Set
 */
export function selectUsableKeys(document: unknown): JsonObject[] | undefined {
  if (!isJsonObject(document) || !Array.isArray(document.keys)) return undefined;
  const objects = document.keys.filter(isJsonObject);
  // An array without any object is not a key set, and must not replace the cached keys.
  if (objects.length === 0 && document.keys.length > 0) return undefined;
  return objects.map(removeNullMembers).filter(isUsable);
}

function isUsable(jwk: JsonObject): boolean {
  const { kty, key_ops: operations } = jwk;
  const isText = (name: string) => jwk[name] === undefined || typeof jwk[name] === 'string';
  if (typeof kty !== 'string' || !['kid', 'alg', 'use', 'crv', 'x', 'y'].every(isText)) return false;
  if (operations !== undefined && !Array.isArray(operations)) return false;
  return kty !== 'RSA' || isSecureRsaKey(jwk);
}
