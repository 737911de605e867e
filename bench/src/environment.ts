import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this workspace, with a slash at its end. */
export const here = fileURLToPath(new URL('..', import.meta.url));

/** Version of a package as it is installed here, or as it was linked under another name. */
export function versionOf(name: string): string {
  const file = join(here, 'node_modules', name, 'package.json');
  const manifest = existsSync(file) ? file : manifestOf(name);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

function manifestOf(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'package.json');
}

/** What the numbers were measured on. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, ${process.platform} ${process.arch}`;
}
