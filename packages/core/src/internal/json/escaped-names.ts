import { stringEnd } from './repeated-members.ts';

/**
 * Parses a JSON text that has escapes, with every member name as it is written.
 *
 * `JSON.parse` of V8 14 (Node 26) reads an escaped name as another name when an object that was parsed earlier had a
 * member at the same place whose name begins with the same characters, the backslash included. A stranger could so
 * hide a claim of a later token: after a name `\u0`, `"\u0069ss"` is read as `\u0`. Strings that are values are read
 * right, so the text is rewritten: an object becomes a list of names and values. Nothing here is recursive.
 *
 * @param text well-formed JSON
 */
export function parseEscapedNames(text: string): unknown {
  let rewritten = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '"') {
      const end = stringEnd(text, i);
      rewritten += text.slice(i, end + 1);
      i = end;
    } else if (character === '{' || character === '[') {
      rewritten += character === '{' ? '[0' : '[1';
      if (!/[}\]]/.test(nextCharacter(text, i + 1))) rewritten += ',';
    } else if (character === ':') rewritten += ',';
    else rewritten += character === '}' ? ']' : character;
  }
  return rebuild(JSON.parse(rewritten));
}

function nextCharacter(text: string, from: number): string {
  let index = from;
  while (/[ \t\r\n]/.test(text.charAt(index))) index++;
  return text.charAt(index);
}

interface Place {
  readonly encoded: unknown;
  readonly holder: object;
  readonly name: string | number;
}

function rebuild(root: unknown): unknown {
  const result: { value?: unknown } = {};
  const open: Place[] = [{ encoded: root, holder: result, name: 'value' }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { encoded, holder, name } = place;
    const value = Array.isArray(encoded) ? (encoded[0] === 0 ? {} : []) : encoded;
    // Defined, not assigned: `__proto__` is a name like any other.
    Object.defineProperty(holder, name, { value, writable: true, enumerable: true, configurable: true });
    if (!Array.isArray(encoded)) continue;
    // From the last to the first, so that they are taken in their order.
    const step = encoded[0] === 0 ? 2 : 1;
    for (let i = encoded.length - 1; i > 0; i -= step) {
      open.push({
        encoded: encoded[i],
        holder: value as object,
        name: step === 2 ? (encoded[i - 1] as string) : i - 1,
      });
    }
  }
  return result.value;
}
