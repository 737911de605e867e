/** Characters of a text that are looked at. It is more than is logged, as a replaced secret makes a text shorter. */
const longestInput = 4000;
/** Characters of a text that are logged. */
const longestOutput = 300;

export interface RedactOptions {
  /** What the request brought as a credential. */
  readonly secrets: readonly string[];
  /** Whether text that looks like a token is replaced, too. */
  readonly tokens: boolean;
}

/**
 * One line of a text for the log, without a secret. The text may quote what a stranger sent: its cost is bounded by
 * `longestInput` and grows linearly up to there.
 */
export function redact(text: string, { secrets, tokens }: RedactOptions): string {
  let redacted = shorten(text);
  for (const secret of secrets) redacted = redacted.replaceAll(secret, '[redacted]');
  if (tokens) redacted = hideTokens(redacted);
  return redacted.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, longestOutput);
}

/** Cuts between two words only: the first part of a secret would not be recognized as that secret. */
function shorten(text: string): string {
  if (text.length <= longestInput) return text;
  let end = longestInput;
  while (end > 0 && !/[\s;,]/.test(text.charAt(end - 1))) end--;
  return `${text.slice(0, end)}[cut]`;
}

/**
 * Replaces what is as long as a token and has a digit, as every token does in practice. The digit is looked for after
 * the match: a look-ahead would search the rest of the text again from each character.
 */
export const hideTokens = (text: string): string =>
  text.replace(/[\w~+=-]{16,}/g, (run) => (/\d/.test(run) ? '[redacted]' : run));
