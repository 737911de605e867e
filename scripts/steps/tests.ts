import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { builtPackages, findBuiltSuites } from '../lib/built-suites.ts';
import { provideKafka } from '../lib/kafka.ts';
import { root, run } from '../lib/process.ts';
import { readPlaywrightReport } from '../lib/reports/playwright-report.ts';
import { readVitestReport } from '../lib/reports/vitest-report.ts';
import { failed, type Outcome, passed, type Step } from '../lib/step.ts';
import {
  chromium,
  firefox,
  mosquitto,
  nats,
  nginx,
  providePrograms,
  rabbitmq,
  redis,
  valkey,
} from '../lib/system-packages.ts';

const reports = join(root, '.test');

export const programs: Step = {
  name: 'programs',
  title: 'Programs that the tests need',
  run: async (update) => {
    const all = [chromium, firefox, redis, valkey, nats, mosquitto, rabbitmq, nginx];
    const { found, problem } = await providePrograms(all, update);
    // The tests read these variables.
    Object.assign(process.env, found);
    if (problem !== undefined) return failed('programs', problem);
    const without = all
      .filter(({ variable }) => found[variable] === undefined)
      .map(({ title, variable }) => `; no ${title}: install it or set ${variable}`)
      .join('');
    const kafka = await provideKafka(update);
    const withoutKafka = '; no Kafka: install Java 17 and Maven, or set KAFKA_JARS to the folder of its jars';
    const paths = [...Object.values(found), ...(kafka ? [kafka.jars] : [])];
    return passed(`${paths.join(', ')}${without}${kafka ? '' : withoutKafka}`);
  },
};

export const unit: Step = {
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
        },
        { stream: true },
      );
      return { code, read: (text) => readVitestReport(JSON.parse(text), (path) => relative(root, path)) };
    }),
};

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

export const e2e: Step = {
  name: 'e2e',
  title: 'Browser tests (playwright)',
  needs: ['build', 'programs'],
  streams: true,
  run: () =>
    withReport('playwright', async (file) => {
      const { code } = await run(
        {
          command: join(root, 'e2e/node_modules/.bin/playwright'),
          args: ['test', '--reporter=list,json'],
          cwd: join(root, 'e2e'),
          env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file, FORCE_COLOR: '0' },
        },
        { stream: true },
      );
      return { code, read: (text) => readPlaywrightReport(JSON.parse(text)) };
    }),
};

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
      const counts = /^(\d+) passed, (\d+) failed$/m.exec(output.split('\n').at(-1) ?? '');
      if (counts === null) return failed(name, `${file} must print "N passed, N failed" as its last line.`);
      const failures = Array.from({ length: Number(counts[2]) }, (_, index) => ({
        name: `${name} ${index + 1}`,
      }));
      if (code !== 0 && failures.length === 0) return failed(name, `${file} exited with code ${code}.`);
      return { passed: Number(counts[1]), failures };
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
