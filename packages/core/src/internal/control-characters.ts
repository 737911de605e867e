/** True for text with a control character: a tab, a line break, NUL, or another character of the category `Cc`. */
export const hasControlCharacter = (text: string): boolean => toPattern(['Cc'], 'u').test(text);

/** Replaces each sequence of control characters with a space. */
export const replaceControlCharacters = (text: string): string => text.replace(toPattern(['Cc'], 'gu'), ' ');

/** Replaces each sequence of control, format and separator characters with a space. */
export const replaceUnprintable = (text: string): string =>
  text.replace(toPattern(['Cc', 'Cf', 'Zl', 'Zp'], 'gu'), ' ');

/**
 * Creates an expression for Unicode categories. It is not a literal: an application with a custom Babel configuration
 * compiles packages with the Babel of Next.js, which rejects the names of categories in literals.
 */
const toPattern = (categories: readonly string[], flags: string) =>
  new RegExp(`[${categories.map((category) => `\\p{${category}}`).join('')}]+`, flags);
