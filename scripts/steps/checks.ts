import { run } from '../lib/processes/process.ts';
import { failed, fromExitCode, type Outcome, passed, type Step } from '../lib/suites/step.ts';
import { runTurbo } from '../lib/suites/turbo.ts';

export const install: Step = {
  name: 'install',
  title: 'Lockfile (pnpm)',
  run: async () =>
    fromExitCode(
      'install',
      await run({ command: 'pnpm', args: ['install', '--frozen-lockfile', '--lockfile-only', '--offline'] }),
    ),
};

export const lint: Step = {
  name: 'lint',
  title: 'Format and lint (biome)',
  run: async () =>
    fromExitCode(
      'lint',
      await run({ command: 'biome', args: ['check', '--error-on-warnings', '--colors=off', '.'] }),
    ),
};

export const imports: Step = {
  name: 'imports',
  title: 'Import rules (dependency-cruiser)',
  run: async () =>
    fromExitCode(
      'imports',
      await run({
        command: 'depcruise',
        args: ['packages', 'apps', 'e2e', 'bench', 'scripts', '--config', '.dependency-cruiser.mjs'],
      }),
    ),
};

export const unused: Step = {
  name: 'unused',
  title: 'Unused files, exports and dependencies (knip)',
  run: async () => fromExitCode('unused', await run({ command: 'knip', args: ['--no-progress'] })),
};

export const build: Step = {
  name: 'build',
  title: 'Build (turbo)',
  run: (update) => turboStep('build', update),
};

export const types: Step = {
  name: 'types',
  title: 'Types (turbo, tsc)',
  needs: ['build'],
  run: async (update) => {
    const packages = await turboStep('typecheck', update);
    update('scripts');
    const scripts = await run({ command: 'tsc', args: ['-p', 'tsconfig.json'] });
    if (scripts.code === 0) return packages;
    const detail = [packages.failures[0]?.detail, scripts.output]
      .filter((text) => text !== undefined)
      .join('\n');
    return failed('types', detail);
  },
};

async function turboStep(task: string, update: (detail: string) => void): Promise<Outcome> {
  const result = await runTurbo(task, {
    keepGoing: true,
    onProgress: (packages) => update(packages.join(', ')),
  });
  if (result.ok) return passed(`${result.executed.length} run, ${result.cached.length} up to date`);
  const name = task === 'build' ? 'build' : 'types';
  if (result.failed.length === 0) return failed(name, result.turboErrors);
  const names = result.failed.map((each) => each.name).join(', ');
  return failed(name, [names, ...result.failed.map((each) => `${each.name}:\n${each.output}`)].join('\n\n'));
}
