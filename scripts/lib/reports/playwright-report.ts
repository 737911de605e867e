import { stripVTControlCharacters } from 'node:util';
import type { Failure, Outcome } from '../suites/step.ts';

interface Suite {
  readonly title: string;
  readonly specs?: readonly Spec[];
  readonly suites?: readonly Suite[];
}

interface Spec {
  readonly title: string;
  readonly tests: readonly {
    readonly projectName: string;
    readonly status: string;
    readonly results: readonly { readonly error?: { readonly message?: string } }[];
  }[];
}

/** The relevant part of Playwright's JSON report. */
export interface PlaywrightReport {
  readonly suites: readonly Suite[];
  readonly errors?: readonly { readonly message?: string }[];
}

/** Counts every test. A test that was skipped, or that passed only when repeated, is a failure. */
export function readPlaywrightReport(report: PlaywrightReport): Outcome {
  let passed = 0;
  const failures: Failure[] = [];
  const visit = (suite: Suite, path: readonly string[]) => {
    const titles = [...path, suite.title];
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        if (test.status === 'expected') passed += 1;
        else {
          const name = [test.projectName, ...titles, spec.title].filter((part) => part !== '').join(' > ');
          failures.push({ name, detail: describeFailure(test) });
        }
      }
    }
    for (const child of suite.suites ?? []) visit(child, titles);
  };
  for (const suite of report.suites) visit(suite, []);
  for (const { message = 'unknown error' } of report.errors ?? []) {
    failures.push({ name: 'playwright', detail: firstLines(message) });
  }
  return { passed, failures };
}

function describeFailure(test: Spec['tests'][number]): string {
  if (test.status === 'skipped') return 'skipped: every test must run';
  const message =
    test.results.map(({ error }) => error?.message).find((text) => text !== undefined) ?? test.status;
  return test.status === 'flaky' ? `passed only when repeated: ${firstLines(message)}` : firstLines(message);
}

const firstLines = (text: string): string =>
  stripVTControlCharacters(text).trim().split('\n').slice(0, 4).join('\n');
