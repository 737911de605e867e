/** Milliseconds since the epoch; a seam for tests. */
export type Clock = () => number;

/** Whole seconds since the epoch, the unit of every time in a token (NumericDate, RFC 7519 section 2). */
export const seconds = (now: Clock): number => Math.floor(now() / 1000);
