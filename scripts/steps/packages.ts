import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { apiReport, difference, reportFile } from '../lib/api-report.ts';
import { bundleForBrowser } from '../lib/bundle.ts';
import { entries, type PublishedPackage, publishedPackages } from '../lib/packages.ts';
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

export const contents: Step = {
  name: 'contents',
  title: 'Package contents: README, license, no tests, no sources',
  needs: ['pack'],
  run: (update) =>
    eachPackage('contents', update, async (of) => {
      const { output } = await run({ command: 'tar', args: ['-tzf', tarball(of)] });
      const files = output.split('\n');
      const missing = ['package/README.md', 'package/LICENSE'].filter((file) => !files.includes(file));
      const tests = files.filter((file) => /\.(test|spec)[.-]/.test(file));
      const { output: manifest } = await run({
        command: 'tar',
        args: ['-xOzf', tarball(of), 'package/package.json'],
      });
      const problems = [
        ...missing.map((file) => `lacks ${file}`),
        ...tests.map((file) => `contains the test ${file}`),
        ...(manifest.includes('@countersign/source') ? ['exports sources, which it does not contain'] : []),
      ];
      return { code: problems.length, output: problems.join('\n') };
    }),
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
    for (const [entry, { limit, imports }] of Object.entries(sizeBudgets)) {
      update(entry);
      const of = all.find(({ name }) => entry === name || entry.startsWith(`${name}/`));
      if (of === undefined) {
        problems.push(`${entry}: there is no such package.`);
        continue;
      }
      try {
        const { code, size } = await bundleForBrowser(of, `.${entry.slice(of.name.length)}`, imports);
        const kilobytes = (size / 1000).toFixed(1);
        measured.push(`${entry.replace('@countersign/', '')} ${kilobytes} kB`);
        if (size > limit * 1000) problems.push(`${entry} is ${kilobytes} kB; its budget is ${limit} kB.`);
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

export const api: Step = {
  name: 'api',
  title: 'The public API is as written down (API Extractor)',
  needs: ['build'],
  run: async (update) => {
    const problems: string[] = [];
    let reports = 0;
    for (const of of publishedPackages()) {
      for (const subpath of entries(of)) {
        const name = of.name + subpath.slice(1);
        update(name);
        try {
          const current = apiReport(of, subpath, join(root, '.test/api', of.name));
          const file = reportFile(of, subpath);
          if (!existsSync(file)) throw new Error(`${relative(root, file)} is missing`);
          const changed = difference(readFileSync(file, 'utf8'), current);
          if (changed !== undefined) problems.push(`${name}:\n${changed}`);
          reports += 1;
        } catch (error) {
          problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    if (problems.length === 0) return passed(`${reports} entries`);
    const advice =
      'The public API is not as written down. If that is meant, run "pnpm api" and commit the reports.';
    return failed('api', [advice, ...problems].join('\n\n'));
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
  const names: string[] = [];
  for (const of of all) {
    update(of.name);
    const { code, output } = await check(of);
    if (code === 0) continue;
    names.push(of.name);
    problems.push(`${of.name}:\n${output}`);
  }
  if (problems.length === 0) return passed(`${all.length} packages`);
  return failed(name, [names.join(', '), ...problems].join('\n\n'));
}
