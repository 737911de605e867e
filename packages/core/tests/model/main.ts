import { defects } from './faults/defects.ts';
import { addInterleaving, describeRun } from './runs/collect-runs.ts';
import { runInterleaving } from './runs/interleaving.ts';
import { createStatistics } from './runs/statistics.ts';
import { replaceGlobals } from './simulation/replace-globals.ts';

// Runs interleavings of one seed, and sends their counts to the parent process or prints them.
// Arguments: seed, index of the first run, distance to the next one, count of all runs, seconds after which no further run
// begins (0: no limit), and a defect of the stores.

const [seed = 1, first = 0, distance = 1, count = 100, limit = 0] = process.argv.slice(2, 7).map(Number);
const defect = process.argv[7];
const wrapStores = defect === undefined ? undefined : defects[defect];
if (defect !== undefined && !wrapStores) {
  console.error(`Unknown defect "${defect}". The defects are: ${Object.keys(defects).join(', ')}.`);
  process.exit(2);
}

/** Of the first runs, each eighth is repeated: the same seed must execute the same steps. */
const repeatDistance = 8;
const maxRepeats = 50;

/** Runs after which the parent process receives the counts. */
const batchSize = 500;

// The clock of this process is replaced for the code under test.
const startedAt = process.hrtime.bigint();
const hasReachedLimit = () =>
  limit > 0 && process.hrtime.bigint() - startedAt > BigInt(limit) * 1_000_000_000n;

replaceGlobals();
let statistics = createStatistics();
/** Runs whose counts were sent. */
let total = 0;
for (let index = first; index < count && !hasReachedLimit(); index += distance) {
  if (process.send && statistics.runs >= batchSize) {
    process.send(statistics);
    total += statistics.runs;
    statistics = createStatistics();
  }
  const runSeed = createRunSeed(seed, index);
  const run = await runInterleaving(runSeed, wrapStores && { wrapStores });
  addInterleaving(statistics, { seed, index }, run);
  // One run is enough to show that the model finds a defect.
  if (wrapStores && statistics.failed > 0) break;
  const runs = total + statistics.runs;
  const isRepeated = runs % repeatDistance === 0 && runs < repeatDistance * maxRepeats;
  if (!isRepeated) continue;
  const repeatedRun = await runInterleaving(runSeed, wrapStores && { wrapStores });
  if (describeRun(repeatedRun) === describeRun(run)) continue;
  statistics.failed++;
  statistics.failures.push({
    seed,
    index,
    violation: 'the same seed executes other steps',
    text: describeRun(repeatedRun),
  });
}
if (process.send) process.send(statistics, undefined, undefined, () => process.disconnect?.());
else console.log(JSON.stringify({ ...statistics, hashes: statistics.hashes.length }, null, 2));

/** Creates unrelated seeds for neighbouring indexes. */
function createRunSeed(base: number, index: number): number {
  return (Math.imul(base, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
}
