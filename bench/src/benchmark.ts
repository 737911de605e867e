/** How a benchmark is to run. */
export interface RunOptions {
  /** Seconds instead of minutes: shows that everything works, and says nothing about speed. */
  readonly smoke: boolean;
  /** Seconds of the soak. */
  readonly soak?: number;
  readonly progress: (text: string) => void;
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Something that must hold, and what was measured. */
export interface Limit {
  readonly what: string;
  readonly measured: string;
  readonly holds: boolean;
}

export interface Report {
  readonly tables: readonly Table[];
  readonly limits: readonly Limit[];
  /** What one must know to read the numbers. */
  readonly notes: readonly string[];
  /** Packages whose versions stand in the report. */
  readonly packages: readonly string[];
}

export interface Benchmark {
  readonly name: string;
  readonly title: string;
  run(options: RunOptions): Promise<Report>;
}

/** Stops a benchmark whose contender gives a wrong answer: its time would mean nothing. */
export function require(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Wrong answer: ${what}`);
}

/** Stops a benchmark unless this is refused, by throwing or by an empty answer. */
export async function requireRefused(attempt: () => unknown, what: string): Promise<void> {
  let answer: unknown;
  try {
    answer = await attempt();
  } catch {
    return;
  }
  require(answer === undefined || answer === null || answer === false, `${what} was accepted`);
}
