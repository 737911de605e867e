import { stdout } from 'node:process';
import { stripVTControlCharacters } from 'node:util';

const colors = stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

const paint =
  (open: number, close: number) =>
  (text: string): string =>
    colors ? `\u001b[${open}m${text}\u001b[${close}m` : text;

export const bold = paint(1, 22);
export const dim = paint(2, 22);
export const red = paint(31, 39);
export const green = paint(32, 39);
export const cyan = paint(36, 39);

/** Counts the terminal columns of a text, without its colors. */
export const width = (text: string): number => stripVTControlCharacters(text).length;

export const pad = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - width(text)));

export const indent = (text: string, by = '    '): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : by + line))
    .join('\n');

/** `0.4 s`, `12 s`, `1 min 5 s`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const total = Math.round(seconds);
  return `${Math.floor(total / 60)} min ${total % 60} s`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
