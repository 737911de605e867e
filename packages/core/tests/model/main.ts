import { defects } from './faults/defects.ts';
import { addInterleaving, describeRun, type ModelRun } from './runs/collect-runs.ts';
import { runInterleaving } from './runs/interleaving.ts';
import { createStatistics } from './runs/statistics.ts';
import { replaceGlobals } from './simulation/replace-globals.ts';
import { tabDefects } from './tabs/runs/tab-defects.ts';
import { runTabInterleaving } from './tabs/runs/tab-interleaving.ts';
import { replacePageGlobals } from './tabs/simulation/page-globals.ts';

// Runs interleavings of one seed, and sends their counts to the parent process or prints them.
// Arguments: the seed, the index of the first run, the distance to the next run, and the count of all runs. Then the
// seconds after which no further run starts (0: no limit), and the name of a defect (none: no defect).

const [seed = 1, first = 0, distance = 1, count = 100, limit = 0] = process.argv.slice(2, 7).map(Number);
const defect = process.argv[7];
const wrapStores = defect === undefined ? undefined : defects[defect];
const tabDefect = tabDefects.find((name) => name === defect);
if (defect !== undefined && !wrapStores && !tabDefect) {
  const names = [...Object.keys(defects), ...tabDefects];
  console.error(`Unknown defect "${defect}". The defects are: ${names.join(', ')}.`);
  process.exit(2);
}

/** Each fourth run is a run of tabs. The others are runs of sessions. */
const tabRunDistance = 4;

/** A defect of the stores selects runs of sessions only, and a defect of the tabs selects runs of tabs only. */
function runIndex(index: number): Promise<ModelRun> {
  const runSeed = createRunSeed(seed, index);
  const isTabRun = tabDefect !== undefined || (!wrapStores && index % tabRunDistance === tabRunDistance - 1);
  return isTabRun
    ? runTabInterleaving(runSeed, { defect: tabDefect })
    : runInterleaving(runSeed, wrapStores && { wrapStores });
}

/** Each eighth of the first runs is repeated: the same seed must execute the same steps. */
const repeatDistance = 8;
const maxRepeats = 50;

/** Runs after which the parent process receives the counts. */
const batchSize = 500;

// The code under test has a simulated clock in this process, so the limit uses another one.
const startedAt = process.hrtime.bigint();
const hasReachedLimit = () =>
  limit > 0 && process.hrtime.bigint() - startedAt > BigInt(limit) * 1_000_000_000n;

replaceGlobals();
replacePageGlobals();
let statistics = createStatistics();
/** Runs whose counts were sent. */
let total = 0;
for (let index = first; index < count && !hasReachedLimit(); index += distance) {
  if (process.send && statistics.runs >= batchSize) {
    process.send(statistics);
    total += statistics.runs;
    statistics = createStatistics();
  }
  const run = await runIndex(index);
  addInterleaving(statistics, { seed, index }, run);
  // One run is enough to show that the model finds a defect.
  if (defect !== undefined && statistics.failed > 0) break;
  const runs = total + statistics.runs;
  const isRepeated = runs % repeatDistance === 0 && runs < repeatDistance * maxRepeats;
  if (!isRepeated) continue;
  const repeatedRun = await runIndex(index);
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
