import { replaceUnprintable } from '../internal/control-characters.ts';

/** Makes untrusted text safe for logs: printable, one line, limited. It stays untrusted: never render it as HTML. */
export function toPrintableText(text: string, limit: number): string {
  return replaceUnprintable(text).slice(0, limit);
}
