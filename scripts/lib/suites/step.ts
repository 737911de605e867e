/** The result of a step of the test command. */
export interface Outcome {
  readonly passed: number;
  /** One entry for each failed test, with its name and the first lines of the error. */
  readonly failures: readonly Failure[];
  /** Shown after the step's result. */
  readonly note?: string;
}

export interface Failure {
  readonly name: string;
  readonly detail?: string;
}

export interface Step {
  readonly name: string;
  readonly title: string;
  /** Steps that must pass before this one runs. */
  readonly needs?: readonly string[];
  /** Whether its output is printed while it runs. Default: false. */
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

/** Counts a check as one test, which passes when the command exits with code 0. */
export const fromExitCode = (
  name: string,
  result: { code: number; output: string },
  note?: string,
): Outcome => (result.code === 0 ? passed(note) : failed(name, result.output));
