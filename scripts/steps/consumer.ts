import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEntries } from '../lib/packages/load-entries.ts';
import { listEntries, listPublishedPackages, type PublishedPackage } from '../lib/packages/packages.ts';
import { tarball } from '../lib/packages/tarball.ts';
import { root, run } from '../lib/processes/process.ts';
import { failed, passed, type Step } from '../lib/suites/step.ts';

const home = join(root, '.test/consumer');

/** Installs the packed packages with the dependencies that they declare, then loads each entry by `import` and by `require`. */
export const consumer: Step = {
  name: 'consumer',
  title: 'Load each packed entry by import and by require',
  needs: ['pack'],
  run: async (update) => {
    const all = listPublishedPackages();
    await rm(home, { recursive: true, force: true });
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'package.json'), '{ "private": true, "type": "module" }\n');
    for (const pkg of all) {
      const problem = await unpack(pkg);
      if (problem !== undefined) return failed('consumer', problem);
    }
    const problems: string[] = [];
    let loaded = 0;
    for (const pkg of all) {
      for (const subpath of listEntries(pkg)) {
        const name = pkg.name + subpath.slice(1);
        update(name);
        const entryProblems = await loadEntries([name], home);
        problems.push(...entryProblems);
        loaded += 2 - entryProblems.length;
      }
    }
    if (problems.length === 0) return passed(`${loaded} loads`);
    return failed('consumer', problems.join('\n\n'));
  },
};

async function unpack(pkg: PublishedPackage): Promise<string | undefined> {
  const target = join(home, 'node_modules', pkg.name);
  await mkdir(target, { recursive: true });
  const { code, output } = await run({
    command: 'tar',
    args: ['-xzf', tarball(pkg), '-C', target, '--strip-components=1'],
  });
  if (code !== 0) return `${pkg.name} could not be unpacked:\n${output}`;
  const declared = new Set([
    ...Object.keys(pkg.manifest.peerDependencies ?? {}),
    ...Object.keys((pkg.manifest as { dependencies?: object }).dependencies ?? {}),
    ...(pkg.name === '@countersign/angular' ? ['@angular/compiler'] : []),
  ]);
  for (const name of declared) {
    if (name.startsWith('@countersign/')) continue;
    await link(join(pkg.directory, 'node_modules', name), join(home, 'node_modules', name));
  }
  return undefined;
}

async function link(from: string, to: string): Promise<void> {
  await mkdir(join(to, '..'), { recursive: true });
  const existing = await readdir(join(to, '..'));
  if (!existing.includes(to.split('/').at(-1) ?? '')) await symlink(from, to);
}
