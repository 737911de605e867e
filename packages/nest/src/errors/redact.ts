/** The count of characters that are processed. It exceeds the logged count, because redaction shortens the text. */
const maxInputLength = 4000;
/** The count of characters that are logged. */
const maxOutputLength = 300;
/** The count of secrets that are searched. A request with more of them is logged without its texts. */
const maxSecrets = 200;

export interface RedactOptions {
  /** The credentials of the request, not empty. */
  readonly secrets: readonly string[];
  /** Whether text that looks like a token is replaced as well. */
  readonly tokens: boolean;
}

/**
 * Converts a text to one line for the log, without secrets. The text may quote an attacker's input, so its cost is linear
 * and bounded by `maxInputLength` and `maxSecrets`.
 */
export function redact(text: string, { secrets, tokens }: RedactOptions): string {
  let redactedText = redactSecrets(truncate(text), new Set(secrets));
  if (tokens) redactedText = redactTokens(redactedText);
  return redactedText.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, maxOutputLength);
}

/** Cuts only between two words: the first part of a secret would not be recognized as that secret. */
function truncate(text: string): string {
  if (text.length <= maxInputLength) return text;
  let end = maxInputLength;
  while (end > 0 && !/[\s;,]/.test(text.charAt(end - 1))) end--;
  return `${text.slice(0, end)}[cut]`;
}

/**
 * Replaces secrets. All of them are searched in the original text, because a client chooses its credentials: one that is a
 * part of `[redacted]` would match in the result of an earlier replacement, and the text would grow each time.
 */
function redactSecrets(text: string, secrets: ReadonlySet<string>): string {
  if (secrets.size > maxSecrets) return '[redacted]';
  const isSecret = new Uint8Array(text.length);
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + secret.length))
      isSecret.fill(1, at, at + secret.length);
  }
  let redactedText = '';
  for (let start = 0, end: number; start < text.length; start = end) {
    const change = isSecret.indexOf(isSecret[start] === 1 ? 0 : 1, start);
    end = change === -1 ? text.length : change;
    redactedText += isSecret[start] === 1 ? '[redacted]' : text.slice(start, end);
  }
  return redactedText;
}

/**
 * Replaces runs of characters that are as long as a token and contain a digit, as every real token does. The digit is
 * checked after the match: a look-ahead would search the rest of the text again from each character.
 */
export const redactTokens = (text: string): string =>
  text.replace(/[\w~+=-]{16,}/g, (run) => (/\d/.test(run) ? '[redacted]' : run));
