/** The output of a command: text for users, or one JSON object per line for scripts. */
export interface Output {
  readonly json: boolean;
  /** Writes the result: `text` for users, `value` for scripts. Neither contains a token. */
  result(value: Readonly<Record<string, unknown>>, text: string): void;
  /** Writes progress to standard error. */
  note(text: string): void;
}

export function createOutput(
  json: boolean,
  write: { readonly stdout: (text: string) => void; readonly stderr: (text: string) => void },
): Output {
  return {
    json,
    result: (value, text) => write.stdout(json ? `${JSON.stringify(value)}\n` : `${text}\n`),
    note: (text) => write.stderr(`${text}\n`),
  };
}

/** Formats a duration: "58 s", "12 min", "3 h". */
export function formatDuration(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** Removes control characters from the text of a server, because they can change what the terminal shows. */
export const toPrintable = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, (c) => (c === '\n' ? c : ' '));
