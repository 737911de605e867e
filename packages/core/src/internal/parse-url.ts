/**
 * Parses a URL. `URL.parse` and `URL.canParse` are newer than some environments, for example jsdom 20, which Jest 29 uses.
 *
 * @returns `undefined` if the text is not a URL
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
