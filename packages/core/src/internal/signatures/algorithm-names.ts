// A file of its own, because browsers need no other part of the algorithms.

/** `EdDSA` with an Ed25519 key and `Ed25519` are the same algorithm (RFC 9864 section 2.2). */
const isEdwards = (alg: unknown): boolean => alg === 'EdDSA' || alg === 'Ed25519';

/** Whether two names mean the same algorithm, for the `alg` of a key. */
export const isSameAlgorithm = (first: unknown, second: unknown): boolean =>
  first === second || (isEdwards(first) && isEdwards(second));

/**
 * Returns the names that a token may have for a registered algorithm. `EdDSA` includes `Ed25519`, its name since RFC 9864.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9864#section-2.2
 */
export const listAcceptedNames = <T extends string>(alg: T): readonly (T | 'Ed25519')[] =>
  alg === 'EdDSA' ? [alg, 'Ed25519'] : [alg];
