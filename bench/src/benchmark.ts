/** Options of a run. */
export interface RunOptions {
  /** A short run, which checks only that the benchmark works. */
  readonly smoke: boolean;
  /** Duration of the soak in seconds. */
  readonly soak?: number;
  readonly progress: (text: string) => void;
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A limit and the measured value. */
export interface Limit {
  readonly what: string;
  readonly measured: string;
  readonly holds: boolean;
}

export interface Report {
  readonly tables: readonly Table[];
  readonly limits: readonly Limit[];
  /** Notes on how the values were measured. */
  readonly notes: readonly string[];
  /** Packages whose versions the report lists. */
  readonly packages: readonly string[];
}

export interface Benchmark {
  readonly name: string;
  readonly title: string;
  run(options: RunOptions): Promise<Report>;
}

/** Stops a benchmark if a contender returns a wrong result. */
export function require(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Wrong result: ${what}`);
}

/** Stops a benchmark unless the attempt is rejected, by an error or an empty result. */
export async function requireRejection(attempt: () => unknown, what: string): Promise<void> {
  let result: unknown;
  try {
    result = await attempt();
  } catch {
    return;
  }
  require(result === undefined || result === null || result === false, `${what} was accepted`);
}
