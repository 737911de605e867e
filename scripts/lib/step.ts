/** What a step of the test command found. */
export interface Outcome {
  readonly passed: number;
  /** One entry for each failed test: its name, and what went wrong in a few lines. */
  readonly failures: readonly Failure[];
  /** Shown behind the step's result. */
  readonly note?: string;
}

export interface Failure {
  readonly name: string;
  readonly detail?: string;
}

export interface Step {
  readonly name: string;
  readonly title: string;
  /** Steps without whose success this one cannot say anything. */
  readonly needs?: readonly string[];
  /** Whether its output is shown as it comes. */
  readonly streams?: boolean;
  run(update: (detail: string) => void): Promise<Outcome>;
}

export const passed = (note?: string): Outcome => ({
  passed: 1,
  failures: [],
  ...(note !== undefined && { note }),
});

export const failed = (name: string, detail?: string): Outcome => ({
  passed: 0,
  failures: [{ name, ...(detail !== undefined && { detail }) }],
});

/** A check that is one test: it passes when the command ends with 0. */
export const fromExitCode = (
  name: string,
  result: { code: number; output: string },
  note?: string,
): Outcome => (result.code === 0 ? passed(note) : failed(name, result.output));
