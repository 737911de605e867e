/** The texts whose JSON was rejected. An error has no text of its own: it could be logged, and may contain tokens. */
const rejectedTexts = new WeakMap<Error, string>();

/** Keeps the text of a response for the caller that receives the error. Returns the error. */
export function keepRejectedText<E extends Error>(error: E, text: string): E {
  rejectedTexts.set(error, text);
  return error;
}

/** Returns the text of the response whose JSON was rejected with this error, once: errors can be stored for a long time. */
export function takeRejectedText(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = rejectedTexts.get(error);
  rejectedTexts.delete(error);
  return text;
}
