import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from '../../scripts/lib/processes/process.ts';
import type { CellResults } from './cells.ts';
import { type Tool, toAlias } from './matrix.ts';

/** The members that the JSON reports of Jest and Vitest have in common. */
interface Report {
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs one test file for each cell. The name of its test is the name of the cell. */
export async function checkTestRunner(folder: string, { name, version, cells }: Tool): Promise<CellResults> {
  const alias = toAlias(name, version);
  const project = join(folder, `project-${alias}`);
  await cp(join(folder, 'tests'), project, { recursive: true });
  await writeFile(join(project, 'readme-line.json'), `{ ${await readJestLine()} }`);
  const report = join(project, 'report.json');
  const program = join(folder, 'node_modules', alias, name === 'Jest' ? 'bin/jest.js' : 'vitest.mjs');
  const args =
    name === 'Jest'
      ? ['--json', `--outputFile=${report}`, '--maxWorkers=1', '--no-cache']
      : ['run', '--globals', '--testTimeout=60000', '--reporter=json', `--outputFile=${report}`];
  const { output } = await run({ command: process.execPath, args: [program, ...args], cwd: project });
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) throw new Error(output);
  const suites = (JSON.parse(text) as Report).testResults;
  const tests = suites.flatMap(({ assertionResults }) => assertionResults);
  const unloaded = suites.map(({ message = '' }) => message).join('\n');
  return Object.fromEntries(
    cells.map((cell) => {
      const test = tests.find(({ title }) => title === cell);
      if (test === undefined) return [cell, `The test did not run.\n${unloaded}`];
      return [cell, test.status === 'passed' ? undefined : test.failureMessages.join('\n')];
    }),
  );
}

/** The line of configuration that the README of @countersign/nest states. */
async function readJestLine(): Promise<string> {
  const readme = await readFile(join(root, 'packages/nest/README.md'), 'utf8');
  const [line] = /^"transformIgnorePatterns": .*$/m.exec(readme) ?? [];
  if (line === undefined) throw new Error('packages/nest/README.md has no line "transformIgnorePatterns".');
  return line;
}
