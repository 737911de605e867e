import { findStringEnd } from './string-end.ts';

/**
 * Returns true if all repeated members of each object have equal scalar values.
 *
 * @param text well-formed JSON
 */
export function hasEqualRepeats(text: string): boolean {
  const scopes: Map<string, string | undefined>[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7b || code === 0x5b) scopes.push(new Map());
    else if (code === 0x7d || code === 0x5d) scopes.pop();
    if (code !== 0x22) continue;
    const end = findStringEnd(text, i);
    const colon = skipWhitespace(text, end + 1);
    if (text.charCodeAt(colon) === 0x3a) {
      const name: string = JSON.parse(text.slice(i, end + 1));
      const value = readScalar(text, skipWhitespace(text, colon + 1));
      const scope = scopes.at(-1);
      if (scope?.has(name) && (value === undefined || scope.get(name) !== value)) return false;
      scope?.set(name, value);
    }
    i = end;
  }
  return true;
}

function skipWhitespace(text: string, from: number): number {
  let index = from;
  while (/[ \t\r\n]/.test(text.charAt(index))) index++;
  return index;
}

/** Reads a scalar as normalized JSON. Returns `undefined` for an object or an array. */
function readScalar(text: string, start: number): string | undefined {
  const first = text.charAt(start);
  if (first === '{' || first === '[') return undefined;
  let end = first === '"' ? findStringEnd(text, start) + 1 : start;
  if (first !== '"') while (/[^\s,\]}]/.test(text.charAt(end))) end++;
  return JSON.stringify(JSON.parse(text.slice(start, end)));
}
