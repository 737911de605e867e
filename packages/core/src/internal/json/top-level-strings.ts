import { findStringEnd } from './string-end.ts';

/**
 * Reads the members of the outermost object that are strings, from a text that may be malformed. The text is scanned once,
 * and only the values of `names` are parsed.
 *
 * @returns the different values of each name. A name is absent if it has no value that is a string. Empty if a string is
 *   malformed.
 */
export function readTopLevelStrings(
  text: string,
  names: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const members = new Map<string, Set<string>>();
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) depth--;
    if (code !== 0x22) continue;
    const end = findStringEnd(text, i);
    if (end === -1) break;
    const colon = depth === 1 ? skipWhitespace(text, end + 1) : end;
    const name = text.charCodeAt(colon) === 0x3a ? decodeName(text.slice(i + 1, end)) : '';
    const start = skipWhitespace(text, colon + 1);
    if (names.includes(name) && text.charAt(start) === '"') {
      const last = findStringEnd(text, start);
      if (last === -1) break;
      const value = parseString(text.slice(start, last + 1));
      if (value === undefined) return new Map();
      members.set(name, (members.get(name) ?? new Set()).add(value));
    }
    i = end;
  }
  return members;
}

function skipWhitespace(text: string, from: number): number {
  let index = from;
  while (/[ \t\r\n]/.test(text.charAt(index))) index++;
  return index;
}

/** Decodes the escapes that a letter of a name can have. */
const decodeName = (name: string): string =>
  name.includes('\\')
    ? name.replace(/\\u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : name;

function parseString(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}
