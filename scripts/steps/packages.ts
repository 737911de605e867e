import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleForBrowser } from '../lib/bundle.ts';
import { type PublishedPackage, publishedPackages } from '../lib/packages.ts';
import { root, run } from '../lib/process.ts';
import { failed, type Outcome, passed, type Step } from '../lib/step.ts';
import { serverOnly, sizeBudgets } from '../size-budgets.ts';

export const packs = join(root, '.test/packs');

export const tarball = ({ name }: PublishedPackage): string =>
  join(packs, `${name.replace('@', '').replace('/', '-')}.tgz`);

export const pack: Step = {
  name: 'pack',
  title: 'Pack each package',
  needs: ['build'],
  run: async (update) => {
    await rm(packs, { recursive: true, force: true });
    await mkdir(packs, { recursive: true });
    return eachPackage('pack', update, (of) =>
      run({ command: 'pnpm', args: ['pack', '--out', tarball(of)], cwd: of.directory }),
    );
  },
};

export const publint: Step = {
  name: 'publint',
  title: 'Packages are well formed (publint)',
  needs: ['pack'],
  run: (update) =>
    eachPackage('publint', update, (of) =>
      run({ command: 'publint', args: ['run', '--strict', tarball(of)], env: { NO_COLOR: '1' } }),
    ),
};

export const attw: Step = {
  name: 'attw',
  title: 'Types resolve for every user (attw)',
  needs: ['pack'],
  run: (update) =>
    eachPackage('attw', update, (of) =>
      run({
        command: 'attw',
        args: [
          '--profile',
          'esm-only',
          '--no-emoji',
          '--no-color',
          '--no-summary',
          '-f',
          'ascii',
          tarball(of),
        ],
      }),
    ),
};

export const sizes: Step = {
  name: 'sizes',
  title: 'Browser entries are small and hold no server code',
  needs: ['build'],
  run: async (update) => {
    const all = publishedPackages();
    const problems: string[] = [];
    const measured: string[] = [];
    for (const [entry, budget] of Object.entries(sizeBudgets)) {
      update(entry);
      const of = all.find(({ name }) => entry === name || entry.startsWith(`${name}/`));
      if (of === undefined) {
        problems.push(`${entry}: there is no such package.`);
        continue;
      }
      try {
        const { code, size } = await bundleForBrowser(of, `.${entry.slice(of.name.length)}`);
        const kilobytes = (size / 1000).toFixed(1);
        measured.push(`${entry.replace('@countersign/', '')} ${kilobytes} kB`);
        if (size > budget * 1000) problems.push(`${entry} is ${kilobytes} kB; its budget is ${budget} kB.`);
        for (const word of serverOnly) {
          if (code.includes(word)) problems.push(`${entry} holds "${word}", which belongs to servers.`);
        }
      } catch (error) {
        problems.push(`${entry}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return problems.length === 0 ? passed(measured.join(', ')) : failed('sizes', problems.join('\n'));
  },
};

/** One check over every package counts as one test. */
async function eachPackage(
  name: string,
  update: (detail: string) => void,
  check: (of: PublishedPackage) => Promise<{ code: number; output: string }>,
): Promise<Outcome> {
  const all = publishedPackages();
  const problems: string[] = [];
  for (const of of all) {
    update(of.name);
    const { code, output } = await check(of);
    if (code !== 0) problems.push(`${of.name}:\n${output}`);
  }
  return problems.length === 0 ? passed(`${all.length} packages`) : failed(name, problems.join('\n\n'));
}
