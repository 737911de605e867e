/** A JSON object as received: unknown members, own properties only. */
export type JsonObject = { [name: string]: unknown };

/** True for an object that is neither null nor an array. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Finds a member name that occurs twice in one object of a valid JSON text, at any depth, or `undefined`.
 * Parsers disagree about which of the two counts, so such a text must not be believed (RFC 8259 section 4).
 */
export function findDuplicateMember(json: string): string | undefined {
  const scopes: (Set<string> | undefined)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (let match = token.exec(json); match; match = token.exec(json)) {
    const text = match[0];
    if (text === '{') scopes.push(new Set());
    else if (text === '[') scopes.push(undefined);
    else if (text === '}' || text === ']') scopes.pop();
    else if (match[1] !== undefined) {
      const name: string = JSON.parse(text.slice(0, text.lastIndexOf('"') + 1));
      const scope = scopes.at(-1);
      if (scope?.has(name)) return name;
      scope?.add(name);
    }
  }
  return undefined;
}

/** Freezes a JSON value at every depth: it is shared between requests, and no handler may change another's. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value as JsonObject)) deepFreeze(member);
  return Object.freeze(value);
}
