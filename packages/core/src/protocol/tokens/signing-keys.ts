/**
 * Selects the keys that may have signed a token, from keys that fit its algorithm.
 *
 * - For a token with `kid`: all keys with that `kid`, because providers publish two keys under one `kid` during a
 *   rotation. If there are none: the keys without `kid`.
 * - For a token without `kid`: the only key. With several, the signing key is ambiguous (OpenID Connect Core section
 *   10.1).
 *
 * @returns an empty list if no key fits, or if the key is ambiguous
 */
export function selectSigningKeys<T extends { readonly kid?: unknown }>(
  keys: readonly T[],
  kid: unknown,
): readonly T[] {
  if (kid === undefined) return keys.length === 1 ? keys : [];
  const namedKeys = keys.filter((key) => key.kid === kid);
  return namedKeys.length > 0 ? namedKeys : keys.filter((key) => key.kid === undefined);
}
