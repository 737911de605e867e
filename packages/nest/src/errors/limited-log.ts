import { createLineLimit } from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';
import { logLines } from '../module-state.ts';

const logger = new Logger('AuthModule');

/** Begins with a new limit: lines of an application that ran before do not count. */
export function resetLogLimit(): void {
  logLines.limit = createLineLimit();
}

/** A line of Nest's log. */
export interface LogLine {
  /** Words of the program that lines of one limit share. It contains no text of a request. */
  readonly kind: string;
  readonly text: string;
  readonly stack?: string | undefined;
}

/**
 * Writes a line, unless too many lines of its kind were written recently: requests without an account cause lines. A logger
 * that throws does not change the decision about a request.
 */
export function writeLogLine(level: 'error' | 'warn', { kind, text, stack }: LogLine): void {
  const omitted = logLines.limit(`${level} ${kind}`, Date.now());
  if (omitted === undefined) return;
  try {
    if (level === 'error') logger.error(text + omitted, stack);
    else logger.warn(text + omitted);
  } catch {
    // The decision stays.
  }
}
