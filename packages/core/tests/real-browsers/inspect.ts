/** Replaces `inspect` of `node:util` in a browser. Prints all members, including those that are not enumerable. */
export function inspect(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.getOwnPropertyNames(value).map((name) => [name, Reflect.get(value, name)]);
  return `${String((value as Error).message ?? '')} ${JSON.stringify(members)}`;
}
