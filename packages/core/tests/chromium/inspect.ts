/** Stands for `inspect` of `node:util`: what a console of the browser would show, hidden members included. */
export function inspect(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.getOwnPropertyNames(value).map((name) => [name, Reflect.get(value, name)]);
  return `${String((value as Error).message ?? '')} ${JSON.stringify(members)}`;
}
