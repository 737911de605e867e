/** The count of characters that are processed. It exceeds the logged count, because redaction shortens the text. */
const maxInputLength = 4000;
/** The count of characters that are logged. */
const maxOutputLength = 300;

export interface RedactOptions {
  /** The credentials of the request. */
  readonly secrets: readonly string[];
  /** Whether text that looks like a token is replaced as well. */
  readonly tokens: boolean;
}

/**
 * Converts a text to one line for the log, without secrets. The text may quote an attacker's input, so its cost is linear
 * and bounded by `maxInputLength`.
 */
export function redact(text: string, { secrets, tokens }: RedactOptions): string {
  let redacted = truncate(text);
  for (const secret of secrets) redacted = redacted.replaceAll(secret, '[redacted]');
  if (tokens) redacted = redactTokens(redacted);
  return redacted.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, maxOutputLength);
}

/** Cuts only between two words: the first part of a secret would not be recognized as that secret. */
function truncate(text: string): string {
  if (text.length <= maxInputLength) return text;
  let end = maxInputLength;
  while (end > 0 && !/[\s;,]/.test(text.charAt(end - 1))) end--;
  return `${text.slice(0, end)}[cut]`;
}

/**
 * Replaces runs of characters that are as long as a token and contain a digit, as every real token does. The digit is
 * checked after the match: a look-ahead would search the rest of the text again from each character.
 */
export const redactTokens = (text: string): string =>
  text.replace(/[\w~+=-]{16,}/g, (run) => (/\d/.test(run) ? '[redacted]' : run));
