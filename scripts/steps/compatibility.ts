import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { listPublishedPackages } from '../lib/packages/packages.ts';
import { tarball } from '../lib/packages/tarball.ts';
import { root, run } from '../lib/processes/process.ts';
import { findProgram, nats, redis } from '../lib/programs/system-packages.ts';
import { type ReportOutcome, readJestReport } from '../lib/suites/jest-report.ts';
import type { Failure, Step } from '../lib/suites/step.ts';
import { duration } from '../lib/terminal/style.ts';

const fixtures = join(root, 'e2e/compatibility');
const home = join(root, '.test/compatibility');

type Command = readonly [command: string, ...args: string[]];

interface Fixture {
  /** The folder in `e2e/compatibility`. */
  readonly name: string;
  /** Folders that are copied first. Default: none. */
  readonly sources?: readonly string[];
  readonly build: Command;
  /** Further builds of the same app, which must pass the same tests. Default: none. */
  readonly otherBuilds?: readonly Command[];
  /** Scripts of the app's `package.json` that run its tests with Jest or Vitest. Default: none. */
  readonly scripts?: readonly TestScript[];
  /** The tests of the built app: files of the fixture, or files beside the fixtures. */
  readonly checks: readonly string[];
}

interface TestScript {
  readonly name: string;
  /** The arguments with which the runner writes its report in the form of Jest, without the name of the file. */
  readonly reporter: readonly string[];
  /** The end of the names of its tests. Each of these files must have run. */
  readonly suffix: string;
}

const angular = (version: number, ...options: string[]): Fixture => ({
  name: `angular-${version}`,
  sources: ['angular'],
  build: ['ng', 'build', ...options],
  checks: [join(fixtures, 'angular.check.ts')],
});

/** A production build with a further configuration of `angular.json`. */
const ngBuild = (variation: string): Command => ['ng', 'build', '--configuration', `production,${variation}`];

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

/** An app of `nest new`, which contains its unit and e2e tests, built with each compiler of Nest's CLI. */
const generatedNest = (version: number): Fixture => ({
  name: `nest-${version}-generated`,
  sources: ['nest-generated'],
  build: ['nest', 'build'],
  otherBuilds: [
    ['nest', 'build', '--builder', 'swc'],
    ['nest', 'build', '--config', 'nest-cli.plugins.json'],
    ['nest', 'build', '--config', 'nest-cli.bundle.json'],
    // Last: it writes a file to the sources.
    ['nest', 'build', '--config', 'nest-cli.metadata.json'],
  ],
  scripts: [
    { name: 'test', suffix: '.spec.ts' },
    { name: 'test:e2e', suffix: '.e2e-spec.ts' },
  ].map((script) => ({ ...script, reporter: version === 11 ? ['--json'] : ['--reporter=json'] })),
  checks: ['dist/every-context.check.js'],
});

/**
 * `nest new`, `nest generate app` and `nest generate library`. The CLI builds each application with webpack (Nest 11) or
 * Rspack (Nest 12).
 */
const nestMonorepo = (version: number): Fixture => ({
  name: `nest-${version}-monorepo`,
  sources: ['nest-monorepo'],
  build: ['nest', 'build', '--all'],
  checks: ['monorepo.check.mts'],
});

const all: readonly Fixture[] = [
  // These take the longest, so they start first.
  next('next-15-nodejs', ['next-15'], 'next-rows'),
  next('next-16-proxy', ['next-16'], 'next-trailing-slash', 'next-rows'),
  nest('nest-11-commonjs'),
  nest('nest-12-esm'),
  nestMonorepo(11),
  nestMonorepo(12),
  generatedNest(11),
  generatedNest(12),
  next('next-15', [], 'next-trailing-slash'),
  next('next-16', [], 'next-export'),
  {
    name: 'next-16-i18n',
    build: ['next', 'build'],
    checks: ['next-i18n', 'next-i18n-trailing-slash'].map((check) => join(fixtures, `${check}.check.ts`)),
  },
  angular(20, '--polyfills', 'zone.js'),
  angular(21),
  angular(22),
  {
    name: 'angular-22-variations',
    sources: ['angular'],
    build: ngBuild('base-path'),
    otherBuilds: ['hash', 'module', 'zone', 'prerendered'].map(ngBuild),
    checks: [join(fixtures, 'angular.check.ts')],
  },
];

/** Applications at once. A test waits for its servers most of the time. */
const atOnce = 2;

/** Installs the packed packages in small applications on other versions of the frameworks, and tests these. */
export const compatibility: Step = {
  name: 'compatibility',
  title: 'Packed packages in Nest 11 and 12, Next 15 and 16, Angular 20 to 22',
  needs: ['pack', 'programs'],
  run: async (update) => {
    const failures: Failure[] = [];
    const notes: string[] = [];
    let passed = 0;
    const test = async (fixture: Fixture) => {
      const began = Date.now();
      const problem = await prepare(fixture, (activity) => update(`${fixture.name}: ${activity}`));
      if (problem !== undefined) {
        failures.push({ name: fixture.name, detail: `${fixture.name}: ${problem}` });
        return;
      }
      passed += 1;
      update(`${fixture.name}: tests`);
      const outcomes = [await check(fixture)];
      for (const command of fixture.otherBuilds ?? []) {
        update(`${fixture.name}: ${command.join(' ')}`);
        const failure = await build(fixture, command);
        outcomes.push(failure === undefined ? await check(fixture, command) : toOutcome(fixture, failure));
      }
      for (const script of fixture.scripts ?? []) {
        update(`${fixture.name}: ${script.name}`);
        outcomes.push(await runTests(fixture, script));
      }
      passed += outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
      failures.push(...outcomes.flatMap((outcome) => outcome.failures));
      notes.push(`${fixture.name} ${duration(Date.now() - began)}`);
    };
    const waiting = [...all];
    const testNext = async (): Promise<void> => {
      const fixture = waiting.shift();
      if (fixture === undefined) return;
      await test(fixture);
      await testNext();
    };
    await Promise.all(Array.from({ length: atOnce }, testNext));
    return { passed, failures, note: notes.join(', ') };
  },
};

/** Installs and builds a copy of the fixture, which counts as one test. */
async function prepare(fixture: Fixture, update: (activity: string) => void): Promise<string | undefined> {
  const { name, sources = [] } = fixture;
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
  return build(fixture, fixture.build);
}

async function build({ name }: Fixture, [command, ...args]: Command): Promise<string | undefined> {
  const cwd = join(home, name);
  const { code, output } = await run({ command: join(cwd, 'node_modules/.bin', command), args, cwd });
  return code === 0 ? undefined : `${[command, ...args].join(' ')} failed\n${lastLines(output)}`;
}

const toOutcome = ({ name }: Fixture, problem: string | undefined): ReportOutcome =>
  problem === undefined
    ? { passed: 1, failures: [] }
    : { passed: 0, failures: [{ name, detail: `${name}: ${problem}` }] };

/** Runs the tests of the app with its own runner. Each of them counts. */
async function runTests(fixture: Fixture, { name, reporter, suffix }: TestScript): Promise<ReportOutcome> {
  const folder = join(home, fixture.name);
  const report = join(folder, `${suffix.slice(1)}.json`);
  await rm(report, { force: true });
  const { code, output } = await run({
    command: 'pnpm',
    args: ['run', name, ...reporter, `--outputFile=${report}`],
    cwd: folder,
  });
  const problem = `pnpm run ${name} exited with code ${code}\n${lastLines(output)}`;
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return toOutcome(fixture, problem);
  const { passed, failures } = readJestReport(text, await listFiles(folder, suffix));
  if (code !== 0 && failures.length === 0) return toOutcome(fixture, problem);
  return {
    passed,
    failures: failures.map((failure) => ({
      name: `${fixture.name}: ${failure.name}`,
      detail: `${fixture.name}: ${failure.detail}`,
    })),
  };
}

/** Lists the files of the app with a suffix, relative to its folder. */
async function listFiles(folder: string, suffix: string): Promise<string[]> {
  const files: string[] = [];
  for (const each of ['src', 'test'])
    for (const file of await readdir(join(folder, each), { recursive: true }))
      if (file.endsWith(suffix)) files.push(join(each, file));
  return files;
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
    // Peers of unrelated dependencies: a wasm runtime, the playground of @nestjs/apollo 13, the compiler of Nest's
    // starter. @nestjs/serve-static 5 excludes the version that @nestjs/platform-fastify 11 requires.
    peerDependencyRules: {
      allowAny: ['@emnapi/*', '@apollo/server', 'typescript', 'chokidar', '@fastify/static'],
    },
    verifyDepsBeforeRun: false,
    allowBuilds: {
      esbuild: true,
      '@apollo/protobufjs': false,
      '@scarf/scarf': false,
      '@swc/core': false,
      'unrs-resolver': false,
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

async function check({ name, checks, build }: Fixture, command: Command = build): Promise<ReportOutcome> {
  const folder = join(home, name);
  const { code, output, stdout } = await run({
    command: process.execPath,
    args: ['--test', '--test-concurrency=1', `--test-reporter=${join(fixtures, 'reporter.ts')}`, ...checks],
    cwd: folder,
    env: {
      FIXTURE: folder,
      BUILD: command.join(' '),
      REDIS_SERVER_PATH: findProgram(redis) ?? 'redis-server',
      // NATS is optional.
      NATS_SERVER_PATH: findProgram(nats) ?? '',
    },
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
