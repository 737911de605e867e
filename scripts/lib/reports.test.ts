import { describe, expect, test } from 'vitest';
import { type PlaywrightReport, readPlaywrightReport } from './playwright-report.ts';
import { readVitestReport, type VitestReport } from './vitest-report.ts';

const file = (
  tests: readonly { fullName: string; status: string; failureMessages?: readonly string[] }[],
  status = 'passed',
  message = '',
): VitestReport => ({ testResults: [{ name: '/r/a.test.ts', status, message, assertionResults: tests }] });

const read = (report: VitestReport) => readVitestReport(report, (path) => path.replace('/r/', ''));

describe('the vitest report', () => {
  test('counts what passed', () => {
    expect(read(file([{ fullName: 'one', status: 'passed' }]))).toEqual({ passed: 1, failures: [] });
  });

  test.each(['skipped', 'pending', 'todo', 'disabled'])('a %s test is a failure with its name', (status) => {
    const { passed, failures } = read(file([{ fullName: 'left out', status }]));
    expect(passed).toBe(0);
    expect(failures).toEqual([
      { name: 'a.test.ts > left out', detail: `${status}: no test may be left out` },
    ]);
  });

  test('a failed test is named with its reason', () => {
    const failure = { fullName: 'broken', status: 'failed', failureMessages: ['Error: no\n at x'] };
    expect(read(file([failure], 'failed')).failures).toEqual([
      { name: 'a.test.ts > broken', detail: 'Error: no\n at x' },
    ]);
  });

  test('a file that could not load is a failure', () => {
    expect(read(file([], 'failed', 'cannot import')).failures).toEqual([
      { name: 'a.test.ts', detail: 'cannot import' },
    ]);
  });

  test('a file without a test is a failure', () => {
    expect(read(file([])).failures).toEqual([{ name: 'a.test.ts', detail: 'has no test' }]);
  });
});

describe('the playwright report', () => {
  const report = (status: string, errors: readonly { message: string }[] = []): PlaywrightReport => ({
    suites: [
      {
        title: 'login.spec.ts',
        suites: [
          {
            title: 'login',
            specs: [
              {
                title: 'works',
                tests: [{ projectName: 'next-web', status, results: [{ error: { message: 'timed out' } }] }],
              },
            ],
          },
        ],
      },
    ],
    errors,
  });
  const name = 'next-web > login.spec.ts > login > works';

  test('counts what passed', () => {
    expect(readPlaywrightReport(report('expected'))).toEqual({ passed: 1, failures: [] });
  });

  test.each([
    ['skipped', 'skipped: no test may be left out'],
    ['unexpected', 'timed out'],
    ['flaky', 'passed only when repeated: timed out'],
  ])('a test that is %s is a failure', (status, detail) => {
    expect(readPlaywrightReport(report(status))).toEqual({ passed: 0, failures: [{ name, detail }] });
  });

  test('an error outside every test is a failure', () => {
    const { failures } = readPlaywrightReport(report('expected', [{ message: 'no server' }]));
    expect(failures).toEqual([{ name: 'playwright', detail: 'no server' }]);
  });
});
