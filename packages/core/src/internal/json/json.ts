/** A JSON object as received: unknown members, own properties only. */
export type JsonObject = { [name: string]: unknown };

/** True for an object that is neither null nor an array. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Freezes a JSON value at every depth: it is shared between requests, and no handler may change another's.
 * Iterative, so that the depth of a value costs no stack. An object that is frozen already is left as it is.
 */
export function deepFreeze<T>(value: T): T {
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue;
    Object.freeze(next);
    for (const member of Object.values(next)) if (typeof member === 'object') open.push(member);
  }
  return value;
}

/** A member that is `null` says nothing: the object without such members. */
export const removeNullMembers = (object: JsonObject): JsonObject =>
  Object.values(object).includes(null)
    ? Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
    : object;
