import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEntries } from '../../scripts/lib/packages/load-entries.ts';
import { listEntries, listPublishedPackages } from '../../scripts/lib/packages/packages.ts';
import type { CellResults } from './cells.ts';
import { type Tool, toAlias } from './matrix.ts';

/** Loads each entry of each package by `import` and by `require`. */
export async function checkNodeVersion(folder: string, { name, version }: Tool): Promise<CellResults> {
  const alias = toAlias(name, version);
  const loaders = join(folder, `loaders-${version}`);
  await mkdir(loaders);
  const results: Record<string, string | undefined> = {};
  for (const pkg of listPublishedPackages()) {
    const entries = listEntries(pkg).map((subpath) => pkg.name + subpath.slice(1));
    const problems = await loadEntries(entries, loaders, join(folder, 'node_modules', alias, 'bin/node'));
    results[pkg.name.replace('@countersign/', '')] = problems.join('\n') || undefined;
  }
  return results;
}
