/** Where a command speaks: sentences for people, or one JSON object per line for scripts. */
export interface Output {
  readonly json: boolean;
  /** The result. `text` for people, `value` for scripts; never a token. */
  result(value: Readonly<Record<string, unknown>>, text: string): void;
  /** What happens meanwhile; on standard error. */
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

/** "58 s", "12 min", "3 h" */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** Text of a server for the terminal: no control characters, which could rewrite what the user sees. */
export const printable = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, (c) => (c === '\n' ? c : ' '));
