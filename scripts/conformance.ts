import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notForBrowsers } from '../packages/core/tests/conformance/browser/not-applicable.ts';
import { outOfScope } from '../packages/core/tests/conformance/out-of-scope.ts';

/** What a test leaves for the report. */
interface Outcome {
  /** Default: the server's client. */
  readonly client?: 'browser';
  readonly id: string;
  readonly verdict: string;
  readonly result: string;
  readonly code?: string;
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly meta?: { readonly conformance?: Outcome };
    }[];
  }[];
}

/**
 * Runs the conformance suites and prints what both clients did with every module of the OpenID Foundation's:
 * the server's, and the browser's own.
 */
function main(): number {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-'));
  const file = join(directory, 'report.json');
  try {
    const run = spawnSync(
      'vitest',
      ['run', '--project', 'core', 'packages/core/tests', '--reporter=json', `--outputFile.json=${file}`],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    if (run.error) throw run.error;
    return print(JSON.parse(readFileSync(file, 'utf8')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function print({ testResults }: Report): number {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status !== 'passed');
  const outcomes = tests.flatMap(({ title, status, meta }) =>
    meta?.conformance && status === 'passed' ? [{ title, ...meta.conformance }] : [],
  );
  const modules = outcomes.filter(({ client }) => client === undefined);
  const inBrowsers = new Map(
    outcomes.filter(({ client }) => client === 'browser').map((outcome) => [outcome.id, outcome]),
  );
  console.log('A: must be accepted. R: must be refused. A/R: either.\n');
  console.log(row(['', 'module', 'verdict', 'ours', 'browser', 'error code (what failed)']));
  modules.sort((a, b) => collator.compare(a.id, b.id));
  for (const { id, title, verdict, result, code } of modules) {
    const browser = inBrowsers.get(id);
    console.log(row([id, title, verdict, result, browser?.result ?? '-', codes(code, browser?.code)]));
  }
  for (const { title } of failed) console.log(row(['', title, '', 'FAILED', '', '']));
  console.log('\nModules that do not concern a client of the code flow here:');
  for (const { module, why } of outOfScope) console.log(`  ${module}: ${why}`);
  console.log("\nModules that do not concern the browser's own client:");
  for (const { ids, why } of notForBrowsers) console.log(`  ${ids.join(', ')}: ${why}`);
  const explained = new Set(notForBrowsers.flatMap(({ ids }) => ids));
  const forgotten = modules.filter(({ id }) => inBrowsers.has(id) === explained.has(id));
  for (const { id } of forgotten) console.log(`  ${id}: NEITHER RUN NOR EXPLAINED, or both`);
  console.log(`\n${modules.length} modules, ${inBrowsers.size} of them by the browser's own client as well`);
  console.log(`${tests.length - outcomes.length - failed.length} further tests`);
  console.log(`${tests.length - failed.length} passed, ${failed.length + forgotten.length} failed`);
  return failed.length + forgotten.length === 0 ? 0 : 1;
}

/** One code where both clients say the same. */
const codes = (ours = '', browser = ours) => (browser === ours ? ours : `${ours}; browser: ${browser}`);

const collator = new Intl.Collator('en', { numeric: true });

function row(cells: readonly string[]): string {
  const widths = [14, 104, 8, 9, 9, 0];
  return cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join(' ')
    .trimEnd();
}

process.exitCode = main();
