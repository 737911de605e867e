import { importVerificationKey, verifySignature } from '#platform';
import type { JsonObject } from '../../internal/json/json.ts';
import {
  isKeyForAlgorithm,
  type SignatureAlgorithm,
  type VerificationKey,
} from '../../internal/signatures/signature-algorithms.ts';
import { hasTooManyKeys, maxTriedKeys, selectSigningKeys } from '../../protocol/tokens/signing-keys.ts';
import { Rejection } from '../rejections/rejection.ts';

/** Whether a key was removed from the key set. Tokens that a retired key verified are no longer valid. */
export interface KeyStatus {
  isRetired: boolean;
}

/** A public key of an issuer. */
export interface SigningKey extends KeyStatus {
  readonly jwk: JsonObject;
  /** The member `kid` of `jwk`. */
  readonly kid: unknown;
  /** One imported key per algorithm; `undefined` if the key is malformed. */
  readonly importedKeys: Map<SignatureAlgorithm, Promise<VerificationKey | undefined>>;
}

export interface Signed {
  readonly alg: SignatureAlgorithm;
  readonly kid: string | undefined;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  /** The claim `iat` in milliseconds since the epoch. Not verified: it may only affect the decision about this token. */
  readonly issuedAt: number | undefined;
  /** Whether a key may sign tokens of this issuer. Default: each key of the set may. */
  readonly isKeyOfIssuer?: ((jwk: JsonObject) => boolean) | undefined;
}

/**
 * Tries the keys that may have signed the token.
 *
 * @throws Rejection if more keys fit than are tried. A fetch of the keys would not help: the token must name its key
 *   (OpenID Connect Core section 10.1)
 */
export async function findVerifyingKey(
  keys: readonly SigningKey[],
  signedToken: Signed,
): Promise<SigningKey | undefined> {
  const { alg, kid, data, signature, isKeyOfIssuer = () => true } = signedToken;
  const fittingKeys = keys.filter(({ jwk }) => isKeyForAlgorithm(jwk, alg) && isKeyOfIssuer(jwk));
  if (hasTooManyKeys(fittingKeys, kid)) {
    const reason = `more than ${maxTriedKeys} keys fit`;
    throw new Rejection('invalid_token', 'keys', `The access token does not identify its key: ${reason}`, {
      reason,
    });
  }
  for (const key of selectSigningKeys(fittingKeys, kid)) {
    const importedKey = await importKey(key, alg);
    // A key that the platform imports but cannot use must not affect the other keys.
    const valid =
      importedKey && (await verifySignature(alg, importedKey, data, signature).catch(() => false));
    if (valid) return key;
  }
  return undefined;
}

export const hasKeyWithKid = (keys: readonly SigningKey[], { alg, kid }: Signed): boolean =>
  keys.some(({ jwk }) => jwk.kid === kid && isKeyForAlgorithm(jwk, alg));

function importKey(key: SigningKey, alg: SignatureAlgorithm): Promise<VerificationKey | undefined> {
  let importedKey = key.importedKeys.get(alg);
  if (!importedKey) {
    // A malformed key must not affect the other keys.
    importedKey = importVerificationKey(key.jwk, alg).catch(() => undefined);
    key.importedKeys.set(alg, importedKey);
  }
  return importedKey;
}

/** Retains unchanged keys with their imports, and marks removed keys as retired. */
export function mergeKeys(previousKeys: readonly SigningKey[], jwks: readonly JsonObject[]): SigningKey[] {
  const keysByContent = new Map(previousKeys.map((key) => [serializeKey(key.jwk), key]));
  const keys = jwks.map(
    (jwk) =>
      keysByContent.get(serializeKey(jwk)) ?? {
        jwk,
        kid: jwk.kid,
        isRetired: false,
        importedKeys: new Map(),
      },
  );
  const retainedKeys = new Set(keys);
  for (const key of previousKeys) if (!retainedKeys.has(key)) key.isRetired = true;
  return keys;
}

const serializeKey = (jwk: JsonObject): string =>
  JSON.stringify(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1)));
