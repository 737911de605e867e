import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this workspace, with a trailing slash. */
export const here = fileURLToPath(new URL('..', import.meta.url));

/** Reads the version of an installed package, including one that is linked under another name. */
export function readVersion(name: string): string {
  const file = join(here, 'node_modules', name, 'package.json');
  const manifest = existsSync(file) ? file : findManifest(name);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

function findManifest(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'package.json');
}

/** Describes the machine of the measurement. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, ${process.platform} ${process.arch}`;
}
