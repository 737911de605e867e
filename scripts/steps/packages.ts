import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createApiReport, describeDifference, getReportPath } from '../lib/packages/api-report.ts';
import { bundleForBrowser } from '../lib/packages/bundle.ts';
import { findContentProblems } from '../lib/packages/contents.ts';
import { listEntries, listPublishedPackages, type PublishedPackage } from '../lib/packages/packages.ts';
import { packs, tarball } from '../lib/packages/tarball.ts';
import { root, run } from '../lib/processes/process.ts';
import { failed, type Outcome, passed, type Step } from '../lib/suites/step.ts';
import { longText, optionalFeatures, serverOnly, sizeBudgets } from '../size-budgets.ts';

export const pack: Step = {
  name: 'pack',
  title: 'Pack (pnpm)',
  needs: ['build'],
  run: async (update) => {
    await rm(packs, { recursive: true, force: true });
    await mkdir(packs, { recursive: true });
    return eachPackage('pack', update, (pkg) =>
      run({ command: 'pnpm', args: ['pack', '--out', tarball(pkg)], cwd: pkg.directory }),
    );
  },
};

export const contents: Step = {
  name: 'contents',
  title: 'Package contents: README, license, no tests, no sources, no maps',
  needs: ['pack'],
  run: (update) =>
    eachPackage('contents', update, async (pkg) => {
      const { output } = await run({ command: 'tar', args: ['-tzf', tarball(pkg)] });
      const { output: code } = await run({
        command: 'tar',
        args: ['-xOzf', tarball(pkg), '--wildcards', '*.js', '*.mjs', '*/package.json'],
      });
      const problems = findContentProblems(output.trim().split('\n'), code);
      return { code: problems.length, output: problems.join('\n') };
    }),
};

export const publint: Step = {
  name: 'publint',
  title: 'Package format (publint)',
  needs: ['pack'],
  run: (update) =>
    eachPackage('publint', update, (pkg) =>
      run({ command: 'publint', args: ['run', '--strict', tarball(pkg)], env: { NO_COLOR: '1' } }),
    ),
};

export const attw: Step = {
  name: 'attw',
  title: 'Type resolution (attw)',
  needs: ['pack'],
  run: (update) =>
    eachPackage('attw', update, (pkg) =>
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
          tarball(pkg),
        ],
      }),
    ),
};

export const sizes: Step = {
  name: 'sizes',
  title: 'Browser entries: size, no server code, no long messages, no unused features',
  needs: ['build'],
  run: async (update) => {
    const all = listPublishedPackages();
    const problems: string[] = [];
    const measured: string[] = [];
    for (const [entry, budget] of Object.entries(sizeBudgets)) {
      const { limit, imports, hasShortMessages, excludesOptionalFeatures } = budget;
      update(entry);
      const pkg = all.find(({ name }) => entry === name || entry.startsWith(`${name}/`));
      if (pkg === undefined) {
        problems.push(`${entry}: no package has this name.`);
        continue;
      }
      try {
        const { code, size } = await bundleForBrowser(pkg, `.${entry.slice(pkg.name.length)}`, imports);
        const kilobytes = (size / 1000).toFixed(1);
        measured.push(`${entry.replace('@countersign/', '')} ${kilobytes} kB`);
        if (size > limit * 1000) problems.push(`${entry} is ${kilobytes} kB; the budget is ${limit} kB.`);
        for (const word of serverOnly) {
          if (code.includes(word)) problems.push(`${entry} contains "${word}", which only servers use.`);
        }
        for (const [feature, word] of Object.entries(excludesOptionalFeatures ? optionalFeatures : {})) {
          if (code.includes(word))
            problems.push(`${entry} contains "${word}" of the feature ${feature}, which is not imported.`);
        }
        const [text] = (hasShortMessages && longText.exec(code)) || [];
        if (text !== undefined)
          problems.push(`${entry} contains "${text}", which only development builds may contain.`);
      } catch (error) {
        problems.push(`${entry}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return problems.length === 0 ? passed(measured.join(', ')) : failed('sizes', problems.join('\n'));
  },
};

export const api: Step = {
  name: 'api',
  title: 'API reports (API Extractor)',
  needs: ['build'],
  run: async (update) => {
    const problems: string[] = [];
    let reports = 0;
    for (const pkg of listPublishedPackages()) {
      for (const subpath of listEntries(pkg)) {
        const name = pkg.name + subpath.slice(1);
        update(name);
        try {
          const current = createApiReport(pkg, subpath, join(root, '.test/api', pkg.name));
          const file = getReportPath(pkg, subpath);
          if (!existsSync(file)) throw new Error(`${relative(root, file)} is missing`);
          const changed = describeDifference(readFileSync(file, 'utf8'), current);
          if (changed !== undefined) problems.push(`${name}:\n${changed}`);
          reports += 1;
        } catch (error) {
          problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    if (problems.length === 0) return passed(`${reports} entries`);
    const advice =
      'The public API differs from its reports. If the change is intended, run "pnpm api" and commit the reports.';
    return failed('api', [advice, ...problems].join('\n\n'));
  },
};

/** Runs a check for every package, which counts as one test. */
async function eachPackage(
  name: string,
  update: (detail: string) => void,
  check: (pkg: PublishedPackage) => Promise<{ code: number; output: string }>,
): Promise<Outcome> {
  const all = listPublishedPackages();
  const problems: string[] = [];
  const names: string[] = [];
  for (const pkg of all) {
    update(pkg.name);
    const { code, output } = await check(pkg);
    if (code === 0) continue;
    names.push(pkg.name);
    problems.push(`${pkg.name}:\n${output}`);
  }
  if (problems.length === 0) return passed(`${all.length} packages`);
  return failed(name, [names.join(', '), ...problems].join('\n\n'));
}
