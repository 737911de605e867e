import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEntries } from '../packages/load-entries.ts';
import { listEntries, readManifest } from '../packages/packages.ts';
import { run } from '../processes/process.ts';
import type { Registry } from './registry.ts';
import type { Rehearsal } from './rehearsal.ts';

/** Installs the published packages with npm in an empty project, and loads each entry. */
export async function checkInstallation(rehearsal: Rehearsal, registry: Registry): Promise<void> {
  const folder = join(rehearsal.folder, '../project');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  const packages = rehearsal.packages();
  // The README of Angular installs into an application, which has the compiler.
  const peers = await listPeers(rehearsal);
  const { code, output } = await run({
    command: 'npm',
    args: ['install', '--no-audit', '--no-fund', ...packages.map(({ name }) => name), ...peers],
    cwd: folder,
    env: { ...registry.env, npm_config_cache: join(folder, '../npm-cache') },
  });
  rehearsal.check('npm installs all packages', code === 0 ? undefined : output.slice(-3000));
  if (code !== 0) return;
  const lock = await readFile(join(folder, 'package-lock.json'), 'utf8');
  const copies = lock.match(/"[^"]*node_modules\/@countersign\/core": /g) ?? [];
  rehearsal.check('there is one copy of core', copies.length === 1 ? undefined : `${copies.length} copies`);
  for (const { name, directory } of packages) {
    const entries = listEntries({ name, directory, manifest: readManifest(directory) });
    const problems = await loadEntries(
      entries.map((subpath) => name + subpath.slice(1)),
      folder,
    );
    rehearsal.check(`${name}: each entry loads`, problems.join('\n') || undefined);
  }
}

/** Lists the peers of all packages, in the newest version that their range allows. */
async function listPeers(rehearsal: Rehearsal): Promise<readonly string[]> {
  const peers = new Map<string, string>([['@angular/compiler', '^22.0.0']]);
  for (const { directory } of rehearsal.packages()) {
    const { peerDependencies = {} } = readManifest(directory);
    for (const [name, range] of Object.entries(peerDependencies))
      if (!name.startsWith('@countersign/')) peers.set(name, range);
  }
  return [...peers].map(([name, range]) => `${name}@${range}`);
}
