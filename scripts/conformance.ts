import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notForBrowsers } from '../packages/core/tests/conformance/browser/not-applicable.ts';
import { outOfScope } from '../packages/core/tests/conformance/out-of-scope.ts';

/** The outcome that a test attaches to the report. */
interface Outcome {
  /** Default: the server-side client. */
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
 * Runs the conformance suites. Prints the result of the server-side client and of the browser client for each
 * module of the OpenID Foundation.
 */
function main(): number {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-'));
  const file = join(directory, 'report.json');
  try {
    const run = spawnSync(
      'vitest',
      [
        'run',
        '--project',
        'core',
        '--project',
        'core-isolated',
        'packages/core/tests',
        '--reporter=json',
        `--outputFile.json=${file}`,
      ],
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
  console.log('A: must be accepted. R: must be rejected. A/R: either.\n');
  console.log(row(['', 'module', 'expected', 'server', 'browser', 'error code']));
  modules.sort((a, b) => collator.compare(a.id, b.id));
  for (const { id, title, verdict, result, code } of modules) {
    const browser = inBrowsers.get(id);
    console.log(row([id, title, verdict, result, browser?.result ?? '-', toCodes(code, browser?.code)]));
  }
  for (const { title } of failed) console.log(row(['', title, '', 'FAILED', '', '']));
  console.log('\nModules that do not apply to a client of the code flow:');
  for (const { module, why } of outOfScope) console.log(`  ${module}: ${why}`);
  console.log('\nModules that do not apply to the browser client:');
  for (const { ids, why } of notForBrowsers) console.log(`  ${ids.join(', ')}: ${why}`);
  const explained = new Set(notForBrowsers.flatMap(({ ids }) => ids));
  const unexplained = modules.filter(({ id }) => inBrowsers.has(id) === explained.has(id));
  for (const { id } of unexplained) console.log(`  ${id}: NEITHER RUN NOR EXPLAINED, OR BOTH`);
  console.log(`\n${modules.length} modules, ${inBrowsers.size} of them also with the browser client`);
  console.log(`${tests.length - outcomes.length - failed.length} further tests`);
  console.log(`${tests.length - failed.length} passed, ${failed.length + unexplained.length} failed`);
  return failed.length + unexplained.length === 0 ? 0 : 1;
}

/** One code if both clients report the same. */
const toCodes = (server = '', browser = server) =>
  browser === server ? server : `${server}; browser: ${browser}`;

const collator = new Intl.Collator('en', { numeric: true });

function row(cells: readonly string[]): string {
  const widths = [14, 104, 8, 9, 9, 0];
  return cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join(' ')
    .trimEnd();
}

process.exitCode = main();
