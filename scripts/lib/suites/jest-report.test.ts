import { expect, test } from 'vitest';
import { readJestReport } from './jest-report.ts';

const createReport = (file: string, ...statuses: string[]) =>
  JSON.stringify({
    testResults: [
      {
        name: `/app/${file}`,
        message: '',
        assertionResults: statuses.map((status, index) => ({ fullName: `test ${index}`, status })),
      },
    ],
  });

test('counts the tests that passed, and names those that failed or did not run', () => {
  const report = createReport('src/a.spec.ts', 'passed', 'failed', 'pending', 'todo', 'passed');
  const { passed, failures } = readJestReport(report, ['src/a.spec.ts']);
  expect(passed).toBe(2);
  expect(failures.map(({ name }) => name)).toEqual(['test 1', 'test 2', 'test 3']);
});

test.each([
  ['that the report does not contain', createReport('src/a.spec.ts', 'passed')],
  ['without tests', createReport('src/b.spec.ts')],
  ['of a run that found no file', '{}'],
])('names a file %s', (_, report) => {
  expect(readJestReport(report, ['src/b.spec.ts']).failures).toMatchObject([{ name: 'src/b.spec.ts' }]);
});
