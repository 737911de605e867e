import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { listPublishedPackages } from '../lib/packages/packages.ts';
import { root, run } from '../lib/process.ts';
import type { Failure, Step } from '../lib/step.ts';
import { duration } from '../lib/terminal/style.ts';
import { tarball } from './packages.ts';

const fixtures = join(root, 'e2e/compatibility');
const home = join(root, '.test/compatibility');

interface Fixture {
  /** The folder in `e2e/compatibility`. */
  readonly name: string;
  /** Folders that are copied first. Default: none. */
  readonly sources?: readonly string[];
  readonly build: readonly [command: string, ...args: string[]];
  /** The tests of the built app: files of the fixture, or files beside the fixtures. */
  readonly checks: readonly string[];
}

const angular = (version: number, ...options: string[]): Fixture => ({
  name: `angular-${version}`,
  sources: ['angular'],
  build: ['ng', 'build', ...options],
  checks: [join(fixtures, 'angular.check.ts')],
});

const next = (name: string, sources: readonly string[], ...checks: string[]): Fixture => ({
  name,
  sources: ['next', ...sources],
  build: ['next', 'build'],
  checks: ['next', 'next-hosts', 'next-copies', ...checks].map((check) =>
    join(fixtures, `${check}.check.ts`),
  ),
});

const nest = (name: string): Fixture => ({
  name,
  sources: ['nest'],
  build: ['tsc'],
  checks: ['dist/version.check.js', 'dist/check.js'],
});

const all: readonly Fixture[] = [
  nest('nest-11-commonjs'),
  nest('nest-12-esm'),
  next('next-15', [], 'next-trailing-slash'),
  next('next-15-nodejs', ['next-15'], 'next-rows'),
  next('next-16', [], 'next-export'),
  next('next-16-proxy', ['next-16'], 'next-trailing-slash', 'next-rows'),
  {
    name: 'next-16-i18n',
    build: ['next', 'build'],
    checks: [join(fixtures, 'next-i18n.check.ts')],
  },
  angular(20, '--polyfills', 'zone.js'),
  angular(21),
  angular(22),
];

/** Installs the packed packages in small applications on other versions of the frameworks, and tests these. */
export const compatibility: Step = {
  name: 'compatibility',
  title: 'Packed packages in Nest 11 and 12, Next 15 and 16, Angular 20 to 22',
  needs: ['pack', 'programs'],
  run: async (update) => {
    const failures: Failure[] = [];
    const notes: string[] = [];
    let passed = 0;
    for (const fixture of all) {
      const began = Date.now();
      const problem = await prepare(fixture, (activity) => update(`${fixture.name}: ${activity}`));
      if (problem !== undefined) {
        failures.push({ name: fixture.name, detail: `${fixture.name}: ${problem}` });
        continue;
      }
      passed += 1;
      update(`${fixture.name}: tests`);
      const outcome = await check(fixture);
      passed += outcome.passed;
      failures.push(...outcome.failures);
      notes.push(`${fixture.name} ${duration(Date.now() - began)}`);
    }
    return { passed, failures, note: notes.join(', ') };
  },
};

/** Installs and builds a copy of the fixture, which counts as one test. */
async function prepare(fixture: Fixture, update: (activity: string) => void): Promise<string | undefined> {
  const { name, sources = [], build } = fixture;
  const folder = join(home, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const each of [...sources, name]) {
    await cp(join(fixtures, each), folder, { recursive: true });
  }
  await installPacked(folder);
  update('install');
  const installed = await run({
    command: 'pnpm',
    args: ['install', '--prefer-offline', '--no-frozen-lockfile', '--reporter=append-only'],
    cwd: folder,
  });
  if (installed.code !== 0) return `install failed\n${lastLines(installed.output)}`;
  update('build');
  const [command, ...args] = build;
  const built = await run({ command: join(folder, 'node_modules/.bin', command), args, cwd: folder });
  return built.code === 0 ? undefined : `${build.join(' ')} failed\n${lastLines(built.output)}`;
}

/** Points the fixture's dependencies to the packed files, and makes the folder a separate workspace. */
async function installPacked(folder: string): Promise<void> {
  const files = new Map(
    listPublishedPackages().map((pkg) => [pkg.name, `file:${relative(folder, tarball(pkg))}`] as const),
  );
  const file = join(folder, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  for (const kind of ['dependencies', 'devDependencies']) {
    const dependencies = (manifest[kind] ?? {}) as Record<string, string>;
    for (const name of Object.keys(dependencies))
      dependencies[name] = files.get(name) ?? dependencies[name] ?? '';
  }
  await writeFile(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
  const workspace = {
    packages: ['.'],
    // The packages depend on each other as packed files too.
    overrides: Object.fromEntries(files),
    // A peer range that excludes the fixture's framework is a failure.
    strictPeerDependencies: true,
    // Peers of unrelated dependencies: a wasm runtime, and the playground of @nestjs/apollo 13.
    peerDependencyRules: { allowAny: ['@emnapi/*', '@apollo/server'] },
    verifyDepsBeforeRun: false,
    allowBuilds: {
      esbuild: true,
      '@apollo/protobufjs': false,
      '@nestjs/core': false,
      '@parcel/watcher': false,
      lmdb: false,
      'msgpackr-extract': false,
      protobufjs: false,
      sharp: false,
    },
  };
  // JSON is YAML.
  await writeFile(join(folder, 'pnpm-workspace.yaml'), `${JSON.stringify(workspace, undefined, 2)}\n`);
}

async function check({ name, checks }: Fixture): Promise<{ passed: number; failures: Failure[] }> {
  const folder = join(home, name);
  const { code, output, stdout } = await run({
    command: process.execPath,
    args: ['--test', '--test-concurrency=1', `--test-reporter=${join(fixtures, 'reporter.ts')}`, ...checks],
    cwd: folder,
    env: { FIXTURE: folder },
  });
  const results = stdout
    .split('\n')
    .filter((line) => line.startsWith('{"name":'))
    .map((line): { name: string; passed: boolean; detail?: string } => JSON.parse(line));
  const failures = results
    .filter((result) => !result.passed)
    .map((result) => ({
      name: `${name}: ${result.name}`,
      detail: `${name}: ${result.name}\n${result.detail ?? ''}`,
    }));
  // Tests that did not run have no result.
  if (failures.length === 0 && (code !== 0 || results.length === 0))
    failures.push({ name, detail: `${name}: the tests exited with code ${code}\n${lastLines(output)}` });
  return { passed: results.filter((result) => result.passed).length, failures };
}

const lastLines = (output: string) => output.split('\n').slice(-25).join('\n');
