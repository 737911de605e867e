import type { Failure } from './step.ts';

/** The part of the report of Jest, which Vitest writes too, that this step reads. */
interface JestReport {
  readonly testResults?: readonly {
    readonly name: string;
    /** The reason why the tests of the file did not run. */
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

export interface ReportOutcome {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

/**
 * Counts the tests in a JSON report of Jest or Vitest. A test that did not run has failed, and so has a file without
 * tests or without a result.
 *
 * @param files the files whose tests must have run, relative to the folder of the app
 */
export function readJestReport(text: string, files: readonly string[]): ReportOutcome {
  const { testResults = [] } = JSON.parse(text) as JestReport;
  const results = testResults.flatMap(({ name: file, assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages }) => ({
      name: fullName,
      passed: status === 'passed',
      detail: `${file}: ${fullName}: ${status}\n${failureMessages?.join('\n') ?? ''}`,
    })),
  );
  const missing = files.flatMap((file) => {
    const result = testResults.find(({ name }) => name.replaceAll('\\', '/').endsWith(`/${file}`));
    return result && result.assertionResults.length > 0
      ? []
      : [{ name: file, detail: `The tests of ${file} did not run\n${result?.message ?? ''}` }];
  });
  return {
    passed: results.filter(({ passed }) => passed).length,
    failures: [
      ...results.filter(({ passed }) => !passed).map(({ name, detail }) => ({ name, detail })),
      ...missing,
    ],
  };
}
