import { createLineLimit, type LineLimit } from './line-limit.ts';

/** The limit of the lines of all clients and applications of the process: requests without an account cause lines. */
const limitKey = Symbol.for('countersign.console');

function limitLine(kind: string): string | undefined {
  const holder = globalThis as { [limitKey]?: LineLimit };
  holder[limitKey] ??= createLineLimit();
  return holder[limitKey](kind, Date.now());
}

/** A line of the console. */
export interface ConsoleLine {
  /** Words of the program that lines of one limit share. It contains no text of a request. */
  readonly kind: string;
  readonly text: string;
}

/** Writes a line to the console, unless too many lines of its kind were written recently. */
export function writeLine(level: 'error' | 'warn' | 'info', { kind, text }: ConsoleLine): void {
  const omitted = limitLine(`${level} ${kind}`);
  if (omitted !== undefined) console[level](`countersign: ${text}${omitted}`);
}
