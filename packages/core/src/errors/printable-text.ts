/** Makes untrusted text safe for logs: printable, one line, limited. It stays untrusted: never render it as HTML. */
export function toPrintableText(text: string, limit: number): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, limit);
}
