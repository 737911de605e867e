/** Injects the `AccessTokenVerifier` of `@countersign/core/resource-server`. */
export const ACCESS_TOKEN_VERIFIER = Symbol.for('countersign.AccessTokenVerifier');

/** Injects how refusals are written and where credentials are found. */
export const GUARD_OPTIONS = Symbol.for('countersign.GuardOptions');
