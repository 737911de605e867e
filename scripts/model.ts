import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  createStatistics,
  mergeStatistics,
  type Statistics,
} from '../packages/core/tests/model/statistics.ts';
import { root } from './lib/process.ts';
import { toTable } from './lib/terminal/table.ts';

// Runs the code of sessions in many orders of its operations, with faults, and checks invariants after each step.
// MODEL_SEED repeats the runs of a seed; MODEL_ONLY runs and prints one of them.

interface Run {
  readonly seed: number;
  readonly count: number;
}

const isShort = process.argv[2] === '--short';
/** Interleavings of a full run. */
const count = Number(isShort ? 2_000 : (process.argv[2] ?? 50_000));
const seed = Number(process.env.MODEL_SEED || randomInt(1, 1_000_000_000));
const only = process.env.MODEL_ONLY === undefined ? undefined : Number(process.env.MODEL_ONLY);
if (![count, seed, only ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  console.error(
    'Usage: [MODEL_SEED=number [MODEL_ONLY=number]] node scripts/model.ts [--short | count of interleavings]',
  );
  process.exit(2);
}
console.log(`Seed ${seed}. To repeat this run: MODEL_SEED=${seed}\n`);

/** A short run has interleavings that are the same each time, and new ones. */
const runs: readonly Run[] = [...(isShort ? [{ seed: 1, count: 1_000 }] : []), { seed, count }];
const began = performance.now();
const statistics = createStatistics();
for (const run of runs) for (const part of await runWorkers(run)) mergeStatistics(statistics, part);
const toRows = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => [name, value.toLocaleString('en')]);
for (const [title, counts] of [
  ['deployment', statistics.deployments],
  ['action', statistics.actions],
  ['fault', statistics.faults],
  ['end of the guarantee (docs/refresh.md)', statistics.exceptions],
] as const)
  console.log(`${toTable([[title, 'count'], ...toRows(counts)])}\n`);
for (const failure of statistics.failures) {
  console.log(`✗ ${failure.violation}`);
  console.log(`  To repeat it: MODEL_SEED=${failure.seed} MODEL_ONLY=${failure.index} node scripts/model.ts`);
  if (only !== undefined) console.log(`${failure.text}\n`);
}
const distinct = new Set(statistics.hashes).size;
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  `${statistics.runs.toLocaleString('en')} interleavings, ${distinct.toLocaleString('en')} distinct, ` +
    `${statistics.steps.toLocaleString('en')} steps, ${seconds} s`,
);
console.log(`\n${statistics.runs - statistics.failed} passed, ${statistics.failed} failed`);
process.exit(statistics.failed === 0 ? 0 : 1);

/** Divides the interleavings of a seed between one worker for each processor. */
function runWorkers({ seed, count }: Run): Promise<Statistics[]> {
  if (only !== undefined) return Promise.all([runWorker([seed, only, 1, only + 1])]);
  const workers = Math.min(availableParallelism(), 4);
  return Promise.all(Array.from({ length: workers }, (_, index) => runWorker([seed, index, workers, count])));
}

function runWorker(range: readonly number[]): Promise<Statistics> {
  const main = join(root, 'packages/core/tests/model/main.ts');
  return new Promise((resolve, reject) => {
    let received: Statistics | undefined;
    const child = fork(main, range.map(String), { execArgv: ['--conditions=@countersign/source'] });
    child.once('message', (message) => {
      received = message as Statistics;
    });
    child.once('exit', (code) => {
      if (received) resolve(received);
      else reject(new Error(`A worker exited with code ${code}. Arguments: ${range.join(' ')}.`));
    });
  });
}
