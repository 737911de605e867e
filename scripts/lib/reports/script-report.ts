import { stripVTControlCharacters } from 'node:util';
import type { Failure, Outcome } from '../suites/step.ts';

/**
 * Reads the output of a script whose last line is `N passed, N failed`.
 * A failure is a line that begins with `✗`; the indented lines below it are its detail.
 * A failure that the output does not describe gets the name of the script and a number.
 * Returns undefined if the last line has no counts.
 */
export function readScriptReport(name: string, output: string): Outcome | undefined {
  const lines = stripVTControlCharacters(output).trimEnd().split('\n');
  const counts = /^(\d+) passed, (\d+) failed$/.exec(lines.at(-1) ?? '');
  if (counts === null) return undefined;
  const described = readFailures(lines);
  return {
    passed: Number(counts[1]),
    failures: Array.from(
      { length: Number(counts[2]) },
      (_, index) => described[index] ?? { name: `${name} ${index + 1}` },
    ),
  };
}

function readFailures(lines: readonly string[]): readonly Failure[] {
  return lines.flatMap((line, index) => {
    const failure = /^✗ (.+)$/.exec(line)?.[1];
    if (failure === undefined) return [];
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((next) => !/^\s+\S/.test(next));
    const detail = rest.slice(0, end === -1 ? rest.length : end).join('\n');
    return [{ name: failure, ...(detail !== '' && { detail }) }];
  });
}
