import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunResult, root, run } from '../processes/process.ts';
import type { Failure, Outcome } from '../suites/step.ts';
import type { Registry } from './registry.ts';

export interface RehearsedPackage {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
}

export interface Rehearsal {
  /** A repository with the files of the last commit, and a bare repository as its origin. */
  readonly folder: string;
  /** The version that the rehearsal releases. */
  version: string;
  packages(): readonly RehearsedPackage[];
  /** Counts a test, which fails with the given problem. */
  check(name: string, problem: string | undefined): void;
  /** Runs a script of the root manifest. Throws if it fails. */
  run(activity: string, script: string): Promise<void>;
  publish(
    registry: Registry,
    options?: { readonly env?: Readonly<Record<string, string>>; readonly args?: readonly string[] },
  ): Promise<RunResult>;
  /** The packages that the registry has in the rehearsed version. */
  listPublished(registry: Registry): Promise<readonly string[]>;
  /** The tags of a package at the registry, for example `latest`. */
  readTags(registry: Registry, name: string): Promise<Readonly<Record<string, string>>>;
  commit(message: string): Promise<void>;
  deleteTags(): Promise<void>;
  /** Pushes the tags, and lists those of the origin. */
  pushTags(): Promise<readonly string[]>;
  /** Finds links of a text to commits that the repository does not have. */
  findMissingCommits(text: string): Promise<readonly string[]>;
  outcome(): Outcome;
}

/** Clones the last commit. Uncommitted changes are not included. */
export async function createRehearsal(home: string, update: (detail: string) => void): Promise<Rehearsal> {
  const folder = join(home, 'repository');
  const origin = join(home, 'origin.git');
  const failures: Failure[] = [];
  let passed = 0;

  const git = async (...args: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost'];
    const { code, output, stdout } = await run({ command: 'git', args: [...identity, ...args], cwd: folder });
    if (code !== 0) throw new Error(`git ${args.join(' ')} failed:\n${output}`);
    return stdout;
  };
  const pnpm = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    run({ command: 'pnpm', args, cwd: folder, env });

  update('copy');
  await mkdir(folder, { recursive: true });
  // Not a clone: a checkout of a workflow has only its last commit, and changesets need the commits that added them.
  const archive = join(home, 'commit.tar');
  await git('init', '--quiet', '--initial-branch', 'main');
  await run({ command: 'git', args: ['archive', '--output', archive, 'HEAD'], cwd: root });
  const { code, output } = await run({ command: 'tar', args: ['-xf', archive, '-C', folder] });
  if (code !== 0) throw new Error(`The last commit was not copied.\n${output}`);
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'release: rehearse');
  await git('init', '--quiet', '--bare', origin);
  await git('remote', 'add', 'origin', origin);
  update('install');
  const installed = await pnpm(['install', '--frozen-lockfile', '--prefer-offline']);
  if (installed.code !== 0) throw new Error(`The copy was not installed.\n${installed.output}`);

  const folders = (await readdir(join(folder, 'packages'))).sort();
  const manifests = await Promise.all(folders.map((name) => readVersion(join(folder, 'packages', name))));
  let packages = manifests;

  const rehearsal: Rehearsal = {
    folder,
    version: '',
    packages: () => packages,
    check(name, problem) {
      update(name);
      if (problem === undefined) passed += 1;
      else failures.push({ name, detail: problem });
    },
    async run(activity, script) {
      update(activity);
      const { code, output } = await pnpm([script]);
      if (code !== 0) throw new Error(`${script} failed:\n${output.slice(-3000)}`);
      packages = await Promise.all(packages.map(({ directory }) => readVersion(directory)));
    },
    publish(registry, { env = {}, args = [] } = {}) {
      update('publish');
      return pnpm(['release:publish', ...args], { ...registry.env, ...env });
    },
    async listPublished(registry) {
      const publishedNames: string[] = [];
      for (const { name, version } of packages) {
        const response = await fetch(`${registry.url}${encodeURIComponent(name)}`);
        const { versions = {} } = (await response.json()) as { versions?: Readonly<Record<string, unknown>> };
        if (version in versions) publishedNames.push(name);
      }
      return publishedNames;
    },
    async readTags(registry, name) {
      const response = await fetch(`${registry.url}-/package/${encodeURIComponent(name)}/dist-tags`);
      return (await response.json()) as Readonly<Record<string, string>>;
    },
    async commit(message) {
      await git('add', '--all');
      await git('commit', '--quiet', '--message', message);
    },
    async deleteTags() {
      const tags = (await git('tag')).trim().split('\n');
      if (tags[0] !== '') await git('tag', '--delete', ...tags);
    },
    async pushTags() {
      await git('push', '--quiet', '--tags', 'origin');
      const lines = (await git('ls-remote', '--tags', '--refs', 'origin')).trim().split('\n');
      return lines.map((line) => line.replace(/^.*refs\/tags\//, '')).filter((tag) => tag !== '');
    },
    async findMissingCommits(text) {
      const commits = [...text.matchAll(/\/commit\/([0-9a-f]+)/g)].map(([, commit = '']) => commit);
      if (commits.length === 0) return ['no link to a commit'];
      const missing: string[] = [];
      for (const commit of commits)
        await git('cat-file', '-e', commit).catch(() =>
          missing.push(`a link to ${commit}, which does not exist`),
        );
      return missing;
    },
    outcome: () => ({ passed, failures, note: `version ${rehearsal.version}` }),
  };
  return rehearsal;
}

async function readVersion(directory: string): Promise<RehearsedPackage> {
  const { name, version } = JSON.parse(
    await readFile(join(directory, 'package.json'), 'utf8'),
  ) as RehearsedPackage;
  return { name, version, directory };
}
