import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { listPublishedPackages } from '../lib/packages/packages.ts';
import { tarball } from '../lib/packages/tarball.ts';
import { root, run } from '../lib/processes/process.ts';
import { findProgram, nats, redis } from '../lib/programs/system-packages.ts';
import {
  type Command,
  compatibilityFixtures,
  type Fixture,
  fixtures,
  type TestScript,
} from '../lib/suites/compatibility-fixtures.ts';
import { type ReportOutcome, readJestReport } from '../lib/suites/jest-report.ts';
import type { Failure, Outcome, Step } from '../lib/suites/step.ts';
import { duration } from '../lib/terminal/style.ts';

const home = join(root, '.test/compatibility');

/** Applications at once. A test waits for its servers most of the time. */
const atOnce = 2;

/** Without development of Next 15, and with one bundler of each version of Next. */
export const compatibility = createStep(
  { name: 'compatibility', title: 'Packed packages in Nest 11 and 12, Next 15 and 16, Angular 20 to 22' },
  { SHORT: '1' },
);

/** Every mode of Next. It takes long, so it runs only by name. */
export const completeCompatibility = createStep(
  { name: 'complete-compatibility', title: 'Packed packages in every mode of Nest, Next and Angular' },
  {},
);

/** Installs the packed packages in small applications on other versions of the frameworks, and tests these. */
function createStep(step: Pick<Step, 'name' | 'title'>, environment: Record<string, string>): Step {
  return { ...step, needs: ['pack', 'programs'], run: (update) => testAll(environment, update) };
}

async function testAll(
  environment: Readonly<Record<string, string>>,
  update: (activity: string) => void,
): Promise<Outcome> {
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
    const outcomes = [await check(fixture, fixture.build, environment)];
    for (const command of fixture.otherBuilds ?? []) {
      update(`${fixture.name}: ${command.join(' ')}`);
      const failure = await build(fixture, command);
      outcomes.push(
        failure === undefined ? await check(fixture, command, environment) : toOutcome(fixture, failure),
      );
    }
    for (const script of fixture.scripts ?? []) {
      update(`${fixture.name}: ${script.name}`);
      outcomes.push(await runTests(fixture, script));
    }
    passed += outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
    failures.push(...outcomes.flatMap((outcome) => outcome.failures));
    notes.push(`${fixture.name} ${duration(Date.now() - began)}`);
  };
  const waiting = [...compatibilityFixtures];
  const testNext = async (): Promise<void> => {
    const fixture = waiting.shift();
    if (fixture === undefined) return;
    await test(fixture);
    await testNext();
  };
  await Promise.all(Array.from({ length: atOnce }, testNext));
  return { passed, failures, note: notes.join(', ') };
}

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

async function check(
  { name, checks }: Fixture,
  command: Command,
  environment: Readonly<Record<string, string>>,
): Promise<ReportOutcome> {
  const folder = join(home, name);
  const { code, output, stdout } = await run({
    command: process.execPath,
    args: ['--test', '--test-concurrency=1', `--test-reporter=${join(fixtures, 'reporter.ts')}`, ...checks],
    cwd: folder,
    env: {
      ...environment,
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
