import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listEntries, listPublishedPackages, type PublishedPackage } from '../lib/packages/packages.ts';
import { tarball } from '../lib/packages/tarball.ts';
import { root, run } from '../lib/process.ts';
import { failed, passed, type Step } from '../lib/step.ts';

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
    const names = new Set<string>();
    let loaded = 0;
    for (const pkg of all) {
      for (const subpath of listEntries(pkg)) {
        const name = pkg.name + subpath.slice(1);
        update(name);
        for (const [extension, code] of Object.entries(loaders(name))) {
          const file = join(home, `load.${extension}`);
          await writeFile(file, code);
          const { code: exit, output } = await run({ command: process.execPath, args: [file], cwd: home });
          if (exit === 0) loaded += 1;
          else {
            names.add(name);
            problems.push(`${name} by ${extension === 'mjs' ? 'import' : 'require'}:\n${output}`);
          }
        }
      }
    }
    if (problems.length === 0) return passed(`${loaded} loads`);
    return failed('consumer', [[...names].join(', '), ...problems].join('\n\n'));
  },
};

// Angular's partially compiled libraries need the compiler where no build has linked them.
const loaders = (name: string) => {
  const first = name.startsWith('@countersign/angular') ? '@angular/compiler' : undefined;
  const check = `if (Object.keys(entry).length === 0) throw new Error('exports nothing');`;
  return {
    mjs: `${first ? `await import('${first}');` : ''} const entry = await import('${name}'); ${check}\n`,
    cjs: `${first ? `require('${first}');` : ''} const entry = require('${name}'); ${check}\n`,
  };
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
