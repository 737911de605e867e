import type { Failure, Outcome } from '../suites/step.ts';

/** The relevant part of Vitest's JSON report. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** Counts every test. A skipped or todo test is a failure, and so is a file that could not be loaded. */
export function readVitestReport(report: VitestReport, relative: (path: string) => string): Outcome {
  let passed = 0;
  const failures: Failure[] = [];
  for (const file of report.testResults) {
    const name = relative(file.name);
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      else if (test.status === 'failed') {
        failures.push({
          name: `${name} > ${test.fullName}`,
          detail: firstLines(test.failureMessages?.[0] ?? ''),
        });
      } else
        failures.push({
          name: `${name} > ${test.fullName}`,
          detail: `${test.status}: every test must run`,
        });
    }
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      failures.push({ name, detail: firstLines(file.message || 'the file could not be run') });
    }
    if (file.status !== 'failed' && file.assertionResults.length === 0)
      failures.push({ name, detail: 'contains no tests' });
  }
  return { passed, failures };
}

const firstLines = (text: string): string => text.trim().split('\n').slice(0, 4).join('\n');
