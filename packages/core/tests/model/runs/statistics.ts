// Imports nothing of the code under test: the parent process reads it too.

/** Counts of many runs. Plain data, so that a worker process can send them. */
export interface Statistics {
  runs: number;
  steps: number;
  /** Hashes of the orders that were executed. */
  readonly hashes: number[];
  readonly deployments: Record<string, number>;
  readonly actions: Record<string, number>;
  readonly faults: Record<string, number>;
  readonly limits: Record<string, number>;
  readonly failures: Failure[];
  failed: number;
}

/** A run that violates an invariant. */
export interface Failure {
  readonly seed: number;
  readonly index: number;
  readonly violation: string;
  readonly text: string;
}

export const createStatistics = (): Statistics => ({
  runs: 0,
  steps: 0,
  hashes: [],
  deployments: {},
  actions: {},
  faults: {},
  limits: {},
  failures: [],
  failed: 0,
});

/** Adds the counts of another worker. */
export function mergeStatistics(target: Statistics, source: Statistics): void {
  target.runs += source.runs;
  target.steps += source.steps;
  target.failed += source.failed;
  for (const hash of source.hashes) target.hashes.push(hash);
  target.failures.push(...source.failures);
  for (const name of ['deployments', 'actions', 'faults', 'limits'] as const)
    for (const [key, count] of Object.entries(source[name])) increment(target[name], key, count);
}

export function increment(counts: Record<string, number>, name: string, count = 1): void {
  counts[name] = (counts[name] ?? 0) + count;
}
