import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outOfScope } from '../packages/core/tests/conformance/out-of-scope.ts';

/** What a test leaves for the report. */
interface Outcome {
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

/** Runs the conformance suites and prints what the client did with every module of the OpenID Foundation's. */
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
  const modules = tests.flatMap(({ title, status, meta }) =>
    meta?.conformance && status === 'passed' ? [{ title, ...meta.conformance }] : [],
  );
  console.log('A: must be accepted. R: must be refused. A/R: either.\n');
  console.log(row('', 'module', 'verdict', 'ours', 'error code (what failed)'));
  modules.sort((a, b) => collator.compare(a.id, b.id));
  for (const { id, title, verdict, result, code = '' } of modules)
    console.log(row(id, title, verdict, result, code));
  for (const { title } of failed) console.log(row('', title, '', 'FAILED', ''));
  console.log('\nModules that do not concern a client of the code flow here:');
  for (const { module, why } of outOfScope) console.log(`  ${module}: ${why}`);
  console.log(`\n${modules.length} modules, ${tests.length - modules.length - failed.length} further tests`);
  console.log(`${tests.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

const collator = new Intl.Collator('en', { numeric: true });

function row(id: string, module: string, verdict: string, result: string, code: string): string {
  return [id.padEnd(14), module.padEnd(88), verdict.padEnd(8), result.padEnd(9), code].join(' ').trimEnd();
}

process.exitCode = main();
