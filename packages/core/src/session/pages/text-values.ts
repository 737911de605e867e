import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';

/** Checks for an object that can have texts or pages: neither an array nor a promise. */
export const isTextObject = (value: unknown): value is JsonObject =>
  isJsonObject(value) && typeof value.then !== 'function';

/**
 * Discards the result of a promise where a value is expected: a rejection without a listener ends the process.
 *
 * @returns true if the value is a promise
 */
export function discardPromise(value: unknown): boolean {
  const isPromise = typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
  if (isPromise) Promise.resolve(value).catch(() => {});
  return isPromise;
}

/** Describes the value of an option for an error. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
