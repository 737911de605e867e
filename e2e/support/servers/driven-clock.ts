import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  const preload = pathToFileURL(join(import.meta.dirname, 'driven-clock.mjs')).href;
  let ahead = 0;
  writeFileSync(file, '0');
  return {
    environment: { NODE_OPTIONS: `--import=${preload}`, CLOCK_FILE: file },
    advance(seconds) {
      ahead += seconds * 1000;
      writeFileSync(file, String(ahead));
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
