import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  createStatistics,
  type Failure,
  mergeStatistics,
  type Statistics,
} from '../packages/core/tests/model/runs/statistics.ts';
import { root } from './lib/processes/process.ts';
import { toTable } from './lib/terminal/table.ts';

// Runs the code of sessions and of the browser client in many orders of its operations, with faults, and checks invariants after each step.
// MODEL_SEED repeats the runs of a seed; MODEL_ONLY runs and prints one of them.

interface Run {
  readonly seed: number;
  readonly count: number;
  /** Seconds after which no further interleaving begins. Default: no limit. */
  readonly limit?: number;
}

/** A short run has the same interleavings each time: those of two seeds, the second until its seconds have passed. */
const short = { first: 1_000, second: 2_000, seconds: 28, minimum: 5 } as const;

const isShort = process.argv[2] === '--short';
const count = isShort ? short.second : Number(process.argv[2] ?? 50_000);
const seed = Number(process.env.MODEL_SEED || (isShort ? 2 : randomInt(1, 1_000_000_000)));
const only = process.env.MODEL_ONLY === undefined ? undefined : Number(process.env.MODEL_ONLY);
if (![count, seed, only ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  console.error('Usage: [MODEL_SEED=number [MODEL_ONLY=number]] node scripts/model.ts [--short | count]');
  process.exit(2);
}
console.log(`Seed ${seed}. To repeat this run: MODEL_SEED=${seed}\n`);

const began = performance.now();
const getSeconds = () => (performance.now() - began) / 1000;
let nextReport = 5_000;
const statistics = createStatistics();
if (isShort && only === undefined) {
  await runWorkers({ seed: 1, count: short.first });
  const limit = Math.ceil(Math.max(short.seconds - getSeconds(), short.minimum));
  await runWorkers({ seed, count, limit });
} else await runWorkers({ seed, count });
const toRows = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => [name, value.toLocaleString('en')]);
for (const [title, counts] of [
  ['deployment', statistics.deployments],
  ['action', statistics.actions],
  ['fault', statistics.faults],
  ['documented limit (docs/refresh.md)', statistics.limits],
] as const)
  console.log(`${toTable([[title, 'count'], ...toRows(counts)])}\n`);
const distinct = new Set(statistics.hashes).size;
console.log(
  `${statistics.runs.toLocaleString('en')} interleavings, ${distinct.toLocaleString('en')} distinct, ` +
    `${statistics.steps.toLocaleString('en')} steps, ${getSeconds().toFixed(0)} s`,
);
console.log(`\n${statistics.runs - statistics.failed} passed, ${statistics.failed} failed`);
process.exit(statistics.failed === 0 ? 0 : 1);

/** Divides the interleavings of a seed between one worker for each processor. */
async function runWorkers({ seed, count, limit = 0 }: Run): Promise<void> {
  const workers = Math.min(availableParallelism(), 4);
  const ranges =
    only === undefined
      ? Array.from({ length: workers }, (_, index) => [seed, index, workers, count, limit])
      : [[seed, only, 1, only + 1, limit]];
  await Promise.all(ranges.map(runWorker));
}

/** Adds the counts of a worker, which sends them several times. */
function runWorker(range: readonly number[]): Promise<void> {
  const main = join(root, 'packages/core/tests/model/main.ts');
  return new Promise((resolve, reject) => {
    const child = fork(main, range.map(String), { execArgv: ['--conditions=@countersign/source'] });
    child.on('message', (message) => {
      const { failures } = message as Statistics;
      mergeStatistics(statistics, message as Statistics);
      for (const failure of failures) printFailure(failure);
      reportProgress();
    });
    // The channel closes after the last message. The exit may be reported before it.
    const isClosed = once(child, 'disconnect');
    child.once('exit', (code, signal) => {
      const error = new Error(
        `A worker ended with ${signal ?? `code ${code}`}. Arguments: ${range.join(' ')}.`,
      );
      void isClosed.then(() => (code === 0 ? resolve() : reject(error)));
    });
  });
}

function printFailure({ seed, index, violation, text }: Failure): void {
  console.log(`✗ ${violation}`);
  console.log(`  To repeat it: MODEL_SEED=${seed} MODEL_ONLY=${index} node scripts/model.ts`);
  if (only !== undefined) console.log(`${text}\n`);
}

function reportProgress(): void {
  if (statistics.runs < nextReport) return;
  nextReport += 5_000;
  console.log(`${statistics.runs.toLocaleString('en')} interleavings, ${statistics.failed} failed`);
}
