/** Returns the current time in milliseconds since the epoch. */
export type Clock = () => number;

/** Returns whole seconds since the epoch, the unit of times in tokens (NumericDate, RFC 7519 section 2). */
export const seconds = (now: Clock): number => Math.floor(now() / 1000);
