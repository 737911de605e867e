import { bold, dim, pad, width } from './style.ts';

/** Formats rows as a boxed table. The first row is the heading. */
export function toTable(rows: readonly (readonly string[])[]): string {
  const columns = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => width(row[index] ?? ''))));
  const rule = (leftCorner: string, middle: string, right: string) =>
    dim(leftCorner + columns.map((size) => '─'.repeat(size + 2)).join(middle) + right);
  const line = (row: readonly string[], paint: (text: string) => string) =>
    dim('│') +
    columns.map((size, index) => ` ${paint(pad(row[index] ?? '', size))} `).join(dim('│')) +
    dim('│');
  const [heading = [], ...body] = rows;
  return [
    rule('┌', '┬', '┐'),
    line(heading, bold),
    rule('├', '┼', '┤'),
    ...body.map((row) => line(row, (text) => text)),
    rule('└', '┴', '┘'),
  ].join('\n');
}
