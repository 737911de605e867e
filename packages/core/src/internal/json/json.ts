/** A parsed JSON object with unknown members. */
export type JsonObject = { [name: string]: unknown };

/** True for an object that is neither null nor an array. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Freezes a JSON value at each depth, because it is shared between requests and a handler must not change it.
 * It is not recursive, so deep values do not overflow the stack. Frozen objects are skipped.
 */
export function deepFreeze<T>(value: T): T {
  const pending: unknown[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue;
    Object.freeze(next);
    for (const member of Object.values(next)) if (typeof member === 'object') pending.push(member);
  }
  return value;
}

/** Returns the object without the members that are `null`. */
export const removeNullMembers = (object: JsonObject): JsonObject =>
  Object.values(object).includes(null)
    ? Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
    : object;
