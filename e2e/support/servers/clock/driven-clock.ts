import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The clock of servers in other processes. */
export interface DrivenClock {
  /** The environment variables of the servers. */
  readonly environment: Readonly<Record<string, string>>;
  /** Advances the clock of the servers. */
  readonly advance: (seconds: number) => void;
  readonly remove: () => void;
}

export function createDrivenClock(): DrivenClock {
  const folder = mkdtempSync(join(tmpdir(), 'clock-'));
  const file = join(folder, 'milliseconds');
  return { ...openDrivenClock(file), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Opens the clock of this file. It is not ahead if the file does not exist. */
export function openDrivenClock(file: string): Omit<DrivenClock, 'remove'> {
  const preload = pathToFileURL(join(import.meta.dirname, 'driven-clock.mjs')).href;
  const move = (milliseconds: number) => {
    const ahead = readFileSync(file, { encoding: 'utf8', flag: 'a+' });
    writeFileSync(file, String(Number(ahead) + milliseconds));
  };
  move(0);
  return {
    environment: { NODE_OPTIONS: `--import=${preload}`, CLOCK_FILE: file },
    advance: (seconds) => move(seconds * 1000),
  };
}
