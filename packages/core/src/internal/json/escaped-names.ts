import { findStringEnd } from './string-end.ts';

/** Checks whether a member name contains an escape. @param text well-formed JSON */
export function hasEscapedName(text: string): boolean {
  let nextEscape = text.indexOf('\\');
  for (let start = text.indexOf('"'); nextEscape !== -1; ) {
    const end = findStringEnd(text, start);
    if (nextEscape < end) {
      if (findNextCharacter(text, end + 1) === ':') return true;
      nextEscape = text.indexOf('\\', end);
    }
    start = text.indexOf('"', end + 1);
  }
  return false;
}

/**
 * Parses a JSON text with escaped member names, with correct member names.
 *
 * `JSON.parse` of V8 14 (Node 26) can return a wrong name for an escaped member name. This happens if an earlier object had
 * a member at the same position whose name starts with the same characters and a backslash. After a name `\u0`, the name
 * `"\u0069ss"` is parsed as `\u0`. An attacker could hide a claim of another user's token with this. String values are
 * not affected, so this function rewrites each object to an array of names and values. It is not recursive.
 *
 * @param text well-formed JSON
 */
export function parseEscapedNames(text: string): unknown {
  let rewrittenText = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '"') {
      const end = findStringEnd(text, i);
      rewrittenText += text.slice(i, end + 1);
      i = end;
    } else if (character === '{' || character === '[') {
      rewrittenText += character === '{' ? '[0' : '[1';
      if (!/[}\]]/.test(findNextCharacter(text, i + 1))) rewrittenText += ',';
    } else if (character === ':') rewrittenText += ',';
    else rewrittenText += character === '}' ? ']' : character;
  }
  return rebuild(JSON.parse(rewrittenText));
}

function findNextCharacter(text: string, from: number): string {
  let index = from;
  while (/[ \t\r\n]/.test(text.charAt(index))) index++;
  return text.charAt(index);
}

interface PendingValue {
  /** The value in the rewritten text. */
  readonly encodedValue: unknown;
  /** The object or array that contains the value. */
  readonly parent: object;
  readonly name: string | number;
}

/** Converts the rewritten arrays back to objects and arrays. */
function rebuild(root: unknown): unknown {
  const result: { value?: unknown } = {};
  const pending: PendingValue[] = [{ encodedValue: root, parent: result, name: 'value' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { encodedValue, parent, name } = next;
    const value = Array.isArray(encodedValue) ? (encodedValue[0] === 0 ? {} : []) : encodedValue;
    // An assignment to `__proto__` would change the prototype.
    Object.defineProperty(parent, name, { value, writable: true, enumerable: true, configurable: true });
    if (!Array.isArray(encodedValue)) continue;
    // From last to first, because the pending values are taken from the end.
    const step = encodedValue[0] === 0 ? 2 : 1;
    for (let i = encodedValue.length - 1; i > 0; i -= step) {
      pending.push({
        encodedValue: encodedValue[i],
        parent: value as object,
        name: step === 2 ? (encodedValue[i - 1] as string) : i - 1,
      });
    }
  }
  return result.value;
}
