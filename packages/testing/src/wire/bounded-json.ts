/** Maximum characters and levels of a JSON text in a request. */
const maxLength = 262_144;
const maxDepth = 64;

/** Parses a JSON text of a request. Returns `undefined` if it is malformed, too long or nested too deeply. */
export function parseBounded(text: string): unknown {
  if (text.length > maxLength) return undefined;
  let depth = 0;
  // Brackets inside strings count too, which makes the limit stricter.
  for (const character of text) {
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (depth > maxDepth) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
