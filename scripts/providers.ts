import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capabilities } from '../packages/core/tests/providers/capabilities.ts';
import { isTested } from '../packages/core/tests/providers/provider-row.ts';
import { rows } from '../packages/core/tests/providers/rows/index.ts';
import { renderProviderDocuments } from './lib/documents/provider-documents.ts';
import { root, run } from './lib/processes/process.ts';
import { green, red } from './lib/terminal/style.ts';
import { toTable } from './lib/terminal/table.ts';

// Runs the tests of the providers, prints the result of each cell, and writes docs/providers.

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

const report = join(root, '.test/providers.json');
await mkdir(join(root, '.test'), { recursive: true });
const { code } = await run(
  {
    command: 'vitest',
    args: [
      'run',
      'packages/core/tests/providers',
      '--project',
      'core',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
  },
  { stream: true },
);
const { testResults } = JSON.parse(await readFile(report, 'utf8')) as VitestReport;
const results = testResults.flatMap(({ assertionResults }) => assertionResults);

/** The result of a cell: its test, or that the provider does not have the capability. */
function findResult(title: string, sentence: string): string {
  const result = results.find((each) => each.title === sentence && each.ancestorTitles.at(-1) === title);
  return result?.status === 'passed' ? green('✓') : red(result?.status ?? 'not run');
}

const cells = rows.map(({ title, cells }) => [
  title,
  ...capabilities.map(({ name, sentence }) => (isTested(cells[name]) ? findResult(title, sentence) : '–')),
]);
console.log(`\n${toTable([['provider', ...capabilities.map(({ title }) => title)], ...cells])}`);
console.log('–: the provider does not have it; docs/providers/README.md has the reason\n');
for (const { path, text } of renderProviderDocuments((path) => readFileSync(join(root, path), 'utf8')))
  writeFileSync(join(root, path), text);
const failedCount = results.filter(({ status }) => status !== 'passed').length;
console.log(`${results.length - failedCount} passed, ${failedCount} failed`);
process.exitCode = code === 0 && failedCount === 0 ? 0 : 1;
