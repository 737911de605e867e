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

/** Orders in a full run. */
const count = Number(process.argv[2] ?? 50_000);
const seed = Number(process.env.MODEL_SEED || randomInt(1, 1_000_000_000));
const only = process.env.MODEL_ONLY === undefined ? undefined : Number(process.env.MODEL_ONLY);
if (![count, seed, only ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  console.error(
    'Usage: [MODEL_SEED=number [MODEL_ONLY=number]] node scripts/model.ts [count of interleavings]',
  );
  process.exit(2);
}
console.log(`Seed ${seed}. To repeat this run: MODEL_SEED=${seed}\n`);

const began = performance.now();
const statistics = await runWorkers();
const distinct = new Set(statistics.hashes).size;
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
for (const { index, violation, text } of statistics.failures) {
  console.log(`✗ ${violation}\n  To repeat it: MODEL_SEED=${seed} MODEL_ONLY=${index}`);
  if (only !== undefined || statistics.failures.length === 1) console.log(`${text}\n`);
}
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  `${statistics.runs.toLocaleString('en')} interleavings, ${distinct.toLocaleString('en')} distinct, ` +
    `${statistics.steps.toLocaleString('en')} steps, ${seconds} s`,
);
console.log(`\n${statistics.runs - statistics.failed} passed, ${statistics.failed} failed`);
process.exit(statistics.failed === 0 ? 0 : 1);

async function runWorkers(): Promise<Statistics> {
  const total = createStatistics();
  const workers = only === undefined ? Math.min(availableParallelism(), 4) : 1;
  const ranges =
    only === undefined
      ? Array.from({ length: workers }, (_, index) => [index, workers, count])
      : [[only, 1, only + 1]];
  for (const part of await Promise.all(ranges.map(runWorker))) mergeStatistics(total, part);
  return total;
}

function runWorker(range: readonly number[]): Promise<Statistics> {
  const main = join(root, 'packages/core/tests/model/main.ts');
  return new Promise((resolve, reject) => {
    let received: Statistics | undefined;
    const child = fork(main, [seed, ...range].map(String), {
      execArgv: ['--conditions=@countersign/source'],
    });
    child.once('message', (message) => {
      received = message as Statistics;
    });
    child.once('exit', (code) => {
      if (received) resolve(received);
      else reject(new Error(`A worker exited with code ${code}. Range: ${range.join(', ')}.`));
    });
  });
}
