import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../../scripts/lib/processes/process.ts';

/** Finds the folder for the build of these sources. Other sources have another folder. */
export function findBuildFolder(name: string, directory: string, sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of sources) hash.update(readFileSync(join(directory, file)));
  return join(root, '.test/interop', `${name}-${hash.digest('hex').slice(0, 16)}`);
}
