import { describe, expect, test } from 'vitest';
import { type PlaywrightReport, readPlaywrightReport } from './playwright-report.ts';
import { readScriptReport } from './script-report.ts';
import { readVitestReport, type VitestReport } from './vitest-report.ts';

const file = (
  tests: readonly { fullName: string; status: string; failureMessages?: readonly string[] }[],
  status = 'passed',
  message = '',
): VitestReport => ({ testResults: [{ name: '/r/a.test.ts', status, message, assertionResults: tests }] });

const read = (report: VitestReport) => readVitestReport(report, (path) => path.replace('/r/', ''));

describe('readVitestReport', () => {
  test('counts passed tests', () => {
    expect(read(file([{ fullName: 'one', status: 'passed' }]))).toEqual({ passed: 1, failures: [] });
  });

  test.each(['skipped', 'pending', 'todo', 'disabled'])(
    'reports a %s test as a failure, with its name',
    (status) => {
      const { passed, failures } = read(file([{ fullName: 'incomplete', status }]));
      expect(passed).toBe(0);
      expect(failures).toEqual([
        { name: 'a.test.ts > incomplete', detail: `${status}: every test must run` },
      ]);
    },
  );

  test('reports a failed test with its error', () => {
    const failure = { fullName: 'broken', status: 'failed', failureMessages: ['Error: no\n at x'] };
    expect(read(file([failure], 'failed')).failures).toEqual([
      { name: 'a.test.ts > broken', detail: 'Error: no\n at x' },
    ]);
  });

  test('reports a file that could not be loaded as a failure', () => {
    expect(read(file([], 'failed', 'cannot import')).failures).toEqual([
      { name: 'a.test.ts', detail: 'cannot import' },
    ]);
  });

  test('reports a file without tests as a failure', () => {
    expect(read(file([])).failures).toEqual([{ name: 'a.test.ts', detail: 'contains no tests' }]);
  });
});

describe('readPlaywrightReport', () => {
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

  test('counts passed tests', () => {
    expect(readPlaywrightReport(report('expected'))).toEqual({ passed: 1, failures: [] });
  });

  test.each([
    ['skipped', 'skipped: every test must run'],
    ['unexpected', 'timed out'],
    ['flaky', 'passed only when repeated: timed out'],
  ])('reports a test that is %s as a failure', (status, detail) => {
    expect(readPlaywrightReport(report(status))).toEqual({ passed: 0, failures: [{ name, detail }] });
  });

  test('reports an error outside of tests as a failure', () => {
    const { failures } = readPlaywrightReport(report('expected', [{ message: 'no server' }]));
    expect(failures).toEqual([{ name: 'playwright', detail: 'no server' }]);
  });
});

describe('readScriptReport', () => {
  test('counts what passed', () => {
    expect(readScriptReport('chaos', '✓ streams: 4 pages\n\n15 passed, 0 failed\n')).toEqual({
      passed: 15,
      failures: [],
    });
  });

  test('reports a failure with the indented lines below it', () => {
    const output = [
      '✓ streams: 4 pages',
      '    0 sessions lost',
      '\u001b[31m✗\u001b[39m tabs: 30 pages',
      '    token requests 4',
      '    a tab stayed signed in',
      '✓ two-zones: 8 pages',
      '',
      '2 passed, 1 failed',
    ].join('\n');
    expect(readScriptReport('chaos', output)).toEqual({
      passed: 2,
      failures: [{ name: 'tabs: 30 pages', detail: '    token requests 4\n    a tab stayed signed in' }],
    });
  });

  test('numbers failures that the output does not describe', () => {
    expect(readScriptReport('bench', '3 passed, 2 failed')?.failures).toEqual([
      { name: 'bench 1' },
      { name: 'bench 2' },
    ]);
  });

  test.each(['', '3 passed', '3 passed, 0 failed\nmore'])('finds no counts in %j', (output) => {
    expect(readScriptReport('chaos', output)).toBeUndefined();
  });
});
