import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { findFreePort } from '../lib/processes/ports.ts';
import { type Command, root, run } from '../lib/processes/process.ts';
import { kafka, provideKafka } from '../lib/programs/kafka.ts';
import {
  chromium,
  findMissingInWorkflow,
  firefox,
  mariadb,
  mosquitto,
  nats,
  nginx,
  postgresql,
  providePrograms,
  rabbitmq,
  redis,
  type SystemProgram,
  valkey,
} from '../lib/programs/system-packages.ts';
import { readPlaywrightReport } from '../lib/reports/playwright-report.ts';
import { readScriptReport } from '../lib/reports/script-report.ts';
import { readVitestReport } from '../lib/reports/vitest-report.ts';
import { builtPackages, findBuiltSuites } from '../lib/suites/built-suites.ts';
import { failed, type Outcome, passed, type Step } from '../lib/suites/step.ts';

const reports = join(root, '.test');

export const programs: Step = {
  name: 'programs',
  title: 'Programs that the tests need',
  run: async (update) => {
    const all = [chromium, firefox, redis, valkey, postgresql, mariadb, nats, mosquitto, rabbitmq, nginx];
    const { found, problem } = await providePrograms(all, update);
    // The tests read these variables.
    Object.assign(process.env, found);
    if (problem !== undefined) return failed('programs', problem);
    let downloadProblem: string | undefined;
    const kafkaProgram = await provideKafka(update).catch((error: unknown) => {
      downloadProblem = error instanceof Error ? error.message : String(error);
      return undefined;
    });
    const isFound = (program: SystemProgram) =>
      program === kafka ? kafkaProgram !== undefined : found[program.variable] !== undefined;
    const missing = await findMissingInWorkflow([...all, kafka], isFound);
    if (downloadProblem !== undefined && missing.includes(kafka)) return failed('programs', downloadProblem);
    if (missing.length > 0)
      return failed(
        'programs',
        `A workflow must run the tests of ${missing.map(({ title }) => title).join(', ')}: apt-get install ${missing.flatMap(({ packages }) => packages.slice(0, 1)).join(' ')}.`,
      );
    const paths = [...Object.values(found), ...(kafkaProgram ? [kafkaProgram.jars] : [])];
    const remedies = [...all, kafka]
      .filter((program) => !isFound(program))
      .map((program) => {
        const remedy = (program === kafka && downloadProblem) || describeRemedy(program);
        return `; not run: ${program.title}: ${remedy}`;
      });
    return passed(`${paths.join(', ')}${remedies.join('')}`);
  },
};

const describeRemedy = (program: SystemProgram): string =>
  program === kafka
    ? 'install Java 17 and Maven, or set KAFKA_JARS to the folder of its jars'
    : `install it or set ${program.variable}`;

const createUnitStep = (env: Record<string, string>): Step => ({
  name: 'unit',
  title: 'Unit and integration tests (vitest)',
  needs: ['build', 'programs'],
  streams: true,
  run: () =>
    withReport('vitest', async (file) => {
      const { code } = await run(
        {
          command: 'vitest',
          args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
          env,
        },
        { stream: true },
      );
      return { code, read: (text) => readVitestReport(JSON.parse(text), (path) => relative(root, path)) };
    }),
});

export const unit = createUnitStep({});

/** Without the suites that the step `built` runs. */
export const unitBesideBuilt = createUnitStep({ WITHOUT_SUITES_OF_BUILD: '1' });

export const built: Step = {
  name: 'built',
  title: 'Threat tests against the built packages (vitest)',
  needs: ['build', 'programs'],
  streams: true,
  run: () => {
    for (const name of builtPackages) {
      const { suites, omitted } = findBuiltSuites(name);
      const total = suites.length + omitted.length;
      console.log(`  ${name}: ${suites.length} of ${total} suites`);
      for (const { suite, internals } of omitted)
        console.log(`    not ${suite}: it imports ${internals.join(', ')}`);
    }
    return withReport('vitest-built', async (file) => {
      const config = ['--config', 'vitest.built.config.ts'];
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
      const { code } = await run(
        { command: 'vitest', args: ['run', ...config, ...reporters] },
        { stream: true },
      );
      return { code, read: (text) => readVitestReport(JSON.parse(text), (path) => relative(root, path)) };
    });
  },
};

/** The configurations of Playwright. They run at the same time: each waits for its browser and servers most of the time. */
const browserTests = ['next', 'angular'];

export const e2e: Step = {
  name: 'e2e',
  title: 'Browser tests (playwright)',
  needs: ['build', 'programs'],
  streams: true,
  run: async () => {
    const outcomes: Outcome[] = [];
    // The ports of both are chosen before either starts its servers.
    const environments = await Promise.all(browserTests.map((name) => createBrowserEnvironment(name)));
    await Promise.all(
      browserTests.map(async (name, index) => {
        const command: Command = {
          command: join(root, 'e2e/node_modules/.bin/playwright'),
          args: ['test', '--config', `playwright.${name}.config.ts`, '--reporter=list,json'],
          cwd: join(root, 'e2e'),
          env: { ...environments[index], FORCE_COLOR: '0' },
        };
        outcomes.push(
          await withReport(`playwright-${name}`, async (file) => {
            const env = { ...command.env, PLAYWRIGHT_JSON_OUTPUT_FILE: file };
            const { code } = await run({ ...command, env }, { stream: true });
            return { code, read: (text) => readPlaywrightReport(JSON.parse(text)) };
          }),
        );
      }),
    );
    return {
      passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
      failures: outcomes.flatMap(({ failures }) => failures),
    };
  },
};

/** Chooses the folder and free ports for the servers of these browser tests. */
async function createBrowserEnvironment(name: string): Promise<Record<string, string>> {
  const servers = ['IDENTITY_PROVIDER', 'NEXT_WEB', 'NEST_API', 'ANGULAR_SPA', 'ANGULAR_SSR'];
  const ports = await Promise.all(
    servers.map(async (server) => [`E2E_${server}_PORT`, String(await findFreePort())] as const),
  );
  return { ...Object.fromEntries(ports), E2E_RESULTS: join(reports, `playwright-${name}`) };
}

/** Suites that run as scripts. The last line of each is `N passed, N failed`. */
const suiteScripts = [
  {
    name: 'readmes',
    title: 'Code blocks of READMEs and guides',
    file: 'scripts/readmes.ts',
    args: [],
  },
  {
    name: 'conformance',
    title: 'Conformance (OpenID Foundation modules)',
    file: 'scripts/conformance.ts',
    args: [],
  },
  {
    name: 'model',
    title: 'Interleavings of sessions (short run)',
    file: 'scripts/model.ts',
    args: ['--short'],
  },
  { name: 'chaos', title: 'Refresh under load and failure', file: 'scripts/chaos.ts', args: [] },
  {
    name: 'hostile',
    title: 'Hostile load (short run of each kind)',
    file: 'scripts/hostile.ts',
    args: ['--requests', '2000'],
  },
  { name: 'bench', title: 'Benchmarks (short run of each)', file: 'bench/src/main.ts', args: ['--smoke'] },
];

export const scripted: readonly Step[] = suiteScripts.map((script) => createScriptStep(script));

/** Creates a step of a script whose last line is `N passed, N failed`. */
export function createScriptStep(
  { name, title, file, args }: (typeof suiteScripts)[number],
  needs: readonly string[] = ['build', 'programs'],
): Step {
  return {
    name,
    title,
    needs,
    streams: true,
    run: async () => {
      const { code, output } = await run(
        { command: process.execPath, args: [file, ...args] },
        { stream: true },
      );
      const outcome = readScriptReport(name, output);
      if (outcome === undefined)
        return failed(name, `${file} must print "N passed, N failed" as its last line.`);
      if (code !== 0 && outcome.failures.length === 0)
        return failed(name, `${file} exited with code ${code}.`);
      return outcome;
    },
  };
}

async function withReport(
  runner: string,
  work: (file: string) => Promise<{ code: number; read: (text: string) => Outcome }>,
): Promise<Outcome> {
  const file = join(reports, `${runner}.json`);
  await mkdir(reports, { recursive: true });
  await rm(file, { force: true });
  const { code, read } = await work(file);
  if (!existsSync(file)) return failed(runner, `${runner} exited with code ${code} and wrote no report.`);
  const outcome = read(readFileSync(file, 'utf8'));
  if (outcome.passed + outcome.failures.length === 0) return failed(runner, 'no test ran');
  if (code === 0 || outcome.failures.length > 0) return outcome;
  // An unhandled error, for example, belongs to no test.
  return {
    ...outcome,
    failures: [{ name: runner, detail: `every test passed, but ${runner} exited with code ${code}` }],
  };
}
