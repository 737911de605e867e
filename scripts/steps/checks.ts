import { run } from '../lib/process.ts';
import { failed, fromExitCode, type Outcome, passed, type Step } from '../lib/step.ts';
import { turbo } from '../lib/turbo.ts';

export const install: Step = {
  name: 'install',
  title: 'Lockfile agrees with every package.json',
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
  title: 'Who may import whom (dependency-cruiser)',
  run: async () =>
    fromExitCode(
      'imports',
      await run({ command: 'depcruise', args: ['packages', 'apps', '--config', '.dependency-cruiser.mjs'] }),
    ),
};

export const unused: Step = {
  name: 'unused',
  title: 'Nothing unused (knip)',
  run: async () => fromExitCode('unused', await run({ command: 'knip', args: ['--no-progress'] })),
};

export const build: Step = {
  name: 'build',
  title: 'Build',
  run: (update) => turboStep('build', update),
};

export const types: Step = {
  name: 'types',
  title: 'Typecheck',
  needs: ['build'],
  run: async (update) => {
    const packages = await turboStep('typecheck', update);
    update('the root scripts');
    const own = await run({ command: 'tsc', args: ['-p', 'tsconfig.json'] });
    if (own.code === 0) return packages;
    const detail = [packages.failures[0]?.detail, own.output].filter((text) => text !== undefined).join('\n');
    return failed('types', detail);
  },
};

async function turboStep(task: string, update: (detail: string) => void): Promise<Outcome> {
  const result = await turbo(task, {
    keepGoing: true,
    onProgress: (packages) => update(packages.join(', ')),
  });
  if (result.ok) return passed(`${result.executed.length} run, ${result.cached.length} up to date`);
  const name = task === 'build' ? 'build' : 'types';
  if (result.failed.length === 0) return failed(name, result.complaint);
  const names = result.failed.map((each) => each.name).join(', ');
  return failed(name, [names, ...result.failed.map((each) => `${each.name}:\n${each.output}`)].join('\n\n'));
}
