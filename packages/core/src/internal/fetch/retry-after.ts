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
  const delay = /^\d+$/.test(value) ? Number(value) : Math.ceil((date - now) / 1000);
  return Number.isNaN(delay) ? undefined : limitDelay(delay);
}

/** Limits a delay in seconds to the range of 0 to one day. */
export const limitDelay = (delay: number): number => Math.min(Math.max(delay, 0), maxDelay);
