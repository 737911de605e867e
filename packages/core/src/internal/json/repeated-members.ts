/** The index of the quote that ends the string which begins at `start`, or -1. */
export function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** A quote is part of its string after an odd number of backslashes. */
function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text.charCodeAt(first - 1) === 0x5c) first--;
  return (quote - first) % 2 === 1;
}

/**
 * True when each member that a JSON text repeats in one object has the same scalar value every time.
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
    const end = stringEnd(text, i);
    const colon = skipSpace(text, end + 1);
    if (text.charCodeAt(colon) === 0x3a) {
      const name: string = JSON.parse(text.slice(i, end + 1));
      const value = scalarAt(text, skipSpace(text, colon + 1));
      const scope = scopes.at(-1);
      if (scope?.has(name) && (value === undefined || scope.get(name) !== value)) return false;
      scope?.set(name, value);
    }
    i = end;
  }
  return true;
}

function skipSpace(text: string, from: number): number {
  let index = from;
  while (/[ \t\r\n]/.test(text.charAt(index))) index++;
  return index;
}

/** A scalar in one spelling; `undefined` for an object or an array. */
function scalarAt(text: string, start: number): string | undefined {
  const first = text.charAt(start);
  if (first === '{' || first === '[') return undefined;
  let end = first === '"' ? stringEnd(text, start) + 1 : start;
  if (first !== '"') while (/[^\s,\]}]/.test(text.charAt(end))) end++;
  return JSON.stringify(JSON.parse(text.slice(start, end)));
}
