import { isSoundRsaKey } from '../rsa-key.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/**
 * The usable keys of a JSON Web Key Set. A key that is malformed or unsound is left out, so that it does not spoil the
 * others (RFC 7517 section 5). A member that is `null` counts as absent.
 *
 * @returns `undefined` when the document is no JSON Web Key Set
 */
export function selectUsableKeys(document: unknown): JsonObject[] | undefined {
  if (!isJsonObject(document) || !Array.isArray(document.keys)) return undefined;
  const objects = document.keys.filter(isJsonObject);
  // A list of anything else is another document: it must not replace the keys that are known.
  if (objects.length === 0 && document.keys.length > 0) return undefined;
  return objects.map(removeNullMembers).filter(isUsable);
}

const removeNullMembers = (jwk: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== null));

function isUsable(jwk: JsonObject): boolean {
  const { kty, key_ops: operations } = jwk;
  const isText = (name: string) => jwk[name] === undefined || typeof jwk[name] === 'string';
  if (typeof kty !== 'string' || !['kid', 'alg', 'use', 'crv', 'x', 'y'].every(isText)) return false;
  if (operations !== undefined && !Array.isArray(operations)) return false;
  return kty !== 'RSA' || isSoundRsaKey(jwk);
}
