/** Injects the `AccessTokenVerifier` of `@countersign/core/api`. */
export const ACCESS_TOKEN_VERIFIER = Symbol.for('countersign.AccessTokenVerifier');

/** Injects how refusals are written. */
export const RESPONSE_OPTIONS = Symbol.for('countersign.ResponseOptions');
