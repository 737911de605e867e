import { findStringEnd } from './string-end.ts';

/** A member of an object at any depth of a JSON text. */
export interface ObjectMember {
  readonly name: string;
  /** A scalar. `undefined` for an object, an array and a malformed value. */
  readonly value: unknown;
  /** The earlier members of the object: their names and values. */
  readonly siblings: ReadonlyMap<string, unknown>;
  /** Count of objects and arrays around the member. */
  readonly depth: number;
}

/**
 * Lists the members of all objects of a text, repeated ones too. It is not recursive. The text may be malformed: what it
 * contains before and after the fault is listed as far as it has the form of a member.
 */
export function* listMembers(text: string): Generator<ObjectMember> {
  const scopes: Map<string, unknown>[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7b || code === 0x5b) scopes.push(new Map());
    else if (code === 0x7d || code === 0x5d) scopes.pop();
    if (code !== 0x22) continue;
    const end = findStringEnd(text, i);
    if (end === -1) return;
    const colon = skipWhitespace(text, end + 1);
    const siblings = scopes.at(-1);
    if (siblings && text.charCodeAt(colon) === 0x3a) {
      const name = parseScalar(text.slice(i, end + 1));
      const value = readScalar(text, skipWhitespace(text, colon + 1));
      if (typeof name === 'string') {
        yield { name, value, siblings, depth: scopes.length };
        siblings.set(name, value);
      }
    }
    i = end;
  }
}

function skipWhitespace(text: string, from: number): number {
  let index = from;
  while (/[ \t\r\n]/.test(text.charAt(index))) index++;
  return index;
}

function readScalar(text: string, start: number): unknown {
  const first = text.charAt(start);
  if (first === '{' || first === '[') return undefined;
  let end = first === '"' ? findStringEnd(text, start) + 1 : start;
  if (first !== '"') while (/[^\s,\]}]/.test(text.charAt(end))) end++;
  return parseScalar(text.slice(start, end));
}

function parseScalar(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
