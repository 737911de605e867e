import { toPrintableText } from '../../errors.ts';

/** The count of characters of one value, and of values of one list, that are shown. */
const maxLength = 200;
const maxValues = 5;

/** Formats an untrusted value of `iss`, `aud`, `typ` or `alg` for a developer. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (typeof value === 'string') return `"${toPrintableText(value, maxLength)}"`;
  if (!Array.isArray(value)) return `a value of type ${typeof value}`;
  return value.length === 0 ? 'an empty list' : formatList(value);
}

/** Formats a list of alternatives. An empty text is the absence of a value. */
export function formatList(values: readonly unknown[]): string {
  const shownValues = values
    .slice(0, maxValues)
    .map((value) => (value === '' || Array.isArray(value) ? 'none' : formatValue(value)));
  const rest = values.length - shownValues.length;
  return shownValues.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** Formats seconds since the epoch. */
export function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s since the epoch` : date.toISOString();
}

/** Formats a difference in seconds between a time and the present. */
export function formatDistance(seconds: number): string {
  return seconds < 0 ? `${-seconds} s ago` : `in ${seconds} s`;
}
