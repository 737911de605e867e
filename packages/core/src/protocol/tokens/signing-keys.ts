/** The count of keys that are tried for one token. Each one costs a verification, even for a forged token. */
export const maxTriedKeys = 8;

/**
 * Selects the keys that may have signed a token, from keys that fit its algorithm. Client, browser and resource server
 * apply this rule (docs/decisions/0022). All of these keys are the issuer's, so each of them proves who signed the token.
 *
 * - For a token with `kid`: all keys with that `kid`, because providers publish two keys under one `kid` during a
 *   rotation. If there are none: the keys without `kid`.
 * - For a token without `kid`: all keys (RFC 7515 appendix D). RFC 9068 requires no `kid`, and not all issuers send one.
 *
 * @returns an empty list if no key fits, or if more than `maxTriedKeys` do: the token must name its key then (OpenID
 *   Connect Core section 10.1)
 */
export function selectSigningKeys<T extends { readonly kid?: unknown }>(
  keys: readonly T[],
  kid: unknown,
): readonly T[] {
  const fittingKeys = findFittingKeys(keys, kid);
  return fittingKeys.length > maxTriedKeys ? [] : fittingKeys;
}

/** Whether more keys fit than are tried for one token. New keys of the issuer do not change that. */
export const hasTooManyKeys = (keys: readonly { readonly kid?: unknown }[], kid: unknown): boolean =>
  findFittingKeys(keys, kid).length > maxTriedKeys;

function findFittingKeys<T extends { readonly kid?: unknown }>(
  keys: readonly T[],
  kid: unknown,
): readonly T[] {
  const namedKeys = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  return namedKeys.length > 0 ? namedKeys : keys.filter((key) => key.kid === undefined);
}
