import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';

const folder = join(root, '.github/workflows');
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(join(folder, name), 'utf8')] as const,
);
const release = workflows.find(([name]) => name === 'release.yml')?.[1] ?? '';

/** The text of each job by its name. */
const jobs = Object.fromEntries(
  (release.split('\njobs:\n')[1] ?? '')
    .split(/^ {2}(?=\w+:$)/m)
    .map((text) => [text.slice(0, text.indexOf(':')), text] as const),
);

/** Reads the permissions of a job, for example `contents: write`. */
const readPermissions = (job = '') =>
  [...(job.match(/^ {4}permissions:\n((?: {6}.*\n)+)/m)?.[1] ?? '').matchAll(/^ {6}([\w-]+: \w+)$/gm)].map(
    ([, right]) => right,
  );

describe.each(workflows)('%s', (_, text) => {
  test('references each action by its commit, with the version in a comment', () => {
    const actions = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('uses one commit of each action', () => {
    const commits = new Map<string, string>();
    for (const [, name = '', commit = ''] of release.matchAll(/uses: (\S+)@(\w+)/g))
      commits.set(name, commit);
    for (const [, name = '', commit] of text.matchAll(/uses: (\S+)@(\w+)/g))
      expect(commits.get(name)).toBe(commit);
  });
});

describe('release.yml', () => {
  test('grants each job only the required permissions', () => {
    expect(release).toContain('\npermissions: {}\n');
    expect(
      Object.fromEntries(
        Object.entries(jobs)
          .filter(([name]) => /^\w+$/.test(name))
          .map(([name, job]) => [name, readPermissions(job)]),
      ),
    ).toEqual({
      test: ['contents: read'],
      version: ['contents: write', 'pull-requests: write', 'actions: write'],
      pack: ['contents: read'],
      publish: ['contents: write', 'id-token: write'],
    });
  });

  test('the jobs with write permissions run no tests, no build and no install scripts', () => {
    for (const job of [jobs.version, jobs.publish]) {
      expect(job).not.toMatch(/\.ci\/run|release:pack|scripts\/build/);
      for (const [line] of job?.matchAll(/pnpm@\S+ install.*/g) ?? [])
        expect(line).toContain('--ignore-scripts');
    }
  });

  test('publishes without a token, and with provenance', () => {
    expect(release).not.toMatch(/secrets\.(?!GITHUB_TOKEN)|NPM_TOKEN|_authToken/);
    expect(jobs.publish).toContain('PNPM_CONFIG_PROVENANCE: "true"');
  });

  test('the pull request of a release starts the tests', () => {
    expect(jobs.version).toContain('gh workflow run ci.yml --ref changeset-release/main');
    const ci = workflows.find(([name]) => name === 'ci.yml')?.[1];
    expect(ci).toMatch(/^ {2}workflow_dispatch:$/m);
  });

  test('a canary is packed from main, has its own tag, and raises no version in the repository', () => {
    expect(release).toMatch(/^ {2}workflow_dispatch:$/m);
    expect(jobs.pack).toMatch(/if: github\.event_name == 'workflow_dispatch'\n +run: .* release:snapshot\n/);
    expect(jobs.publish).toMatch(
      /if: github\.event_name == 'workflow_dispatch'\n +run: .* release:publish --tag canary\n/,
    );
    expect(jobs.version).toContain("github.event_name == 'push'");
  });

  test('runs on main only: each job needs the first one, which is skipped on other branches', () => {
    expect(jobs.test).toMatch(/^ {4}if: github\.ref == 'refs\/heads\/main'$/m);
    const others = Object.entries(jobs).filter(([name]) => /^\w+$/.test(name) && name !== 'test');
    expect(others.map(([name, job]) => [name, /^ {4}needs: (\w+)$/m.exec(job)?.[1]])).toEqual([
      ['version', 'test'],
      ['pack', 'test'],
      ['publish', 'pack'],
    ]);
    // A condition with a status function would run after a skipped job.
    expect(release).not.toMatch(/if:.*(always|failure|cancelled)\(\)/);
  });

  test('runs the pnpm version of the repository', () => {
    const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const [, version] of release.matchAll(/pnpm@(\S+)/g)) {
      expect(devEngines.packageManager.version).toBe(`^${version}`);
    }
  });
});
