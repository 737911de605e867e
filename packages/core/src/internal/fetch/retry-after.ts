/** Seconds. A longer delay of a server is shortened to this. */
const maxDelay = 86_400;

/**
 * Reads a `Retry-After` header: a delay or a date.
 *
 * @param now milliseconds since the epoch
 * @returns seconds, at most one day; `undefined` without a valid header
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const value = header?.trim() ?? '';
  // Only HTTP dates: `Date.parse` also accepts other formats, for example a bare year.
  const date = value.endsWith('GMT') ? Date.parse(value) : Number.NaN;
  // A delay of several hundred digits is infinite.
  return limitDelay(/^\d+$/.test(value) ? Math.min(Number(value), maxDelay) : (date - now) / 1000);
}

/**
 * Limits a delay to what the header can express: whole seconds, rounded up, from 0 to one day. Returns `undefined` for a
 * value that is not a finite number, even if the application passes another type than TypeScript allows.
 */
export const limitDelay = (delay: number | undefined): number | undefined =>
  Number.isFinite(delay) ? Math.min(Math.max(Math.ceil(delay as number), 0), maxDelay) : undefined;
