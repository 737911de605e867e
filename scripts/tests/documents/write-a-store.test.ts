import { AssertionError } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SessionStore } from '../../../packages/core/src/session/index.ts';
import { type ContractCase, sessionStoreContract } from '../../../packages/testing/src/contracts/index.ts';
import { readBlocks, readFiles } from '../../lib/examples/markdown.ts';
import { root } from '../../lib/processes/process.ts';
import { createMistakes, type Edit, type Wrap } from './store-mistakes.ts';

const page = 'docs/guides/write-a-store.md';
const guide = readFileSync(join(root, page), 'utf8');
const blocks = readBlocks(page, guide);

/** The files of the guide, by their path. */
const files = new Map(
  blocks
    .filter(({ language }) => language === 'ts')
    .flatMap(({ code, notes }) => readFiles(code, notes))
    .map(({ path = '', code }) => [path, code]),
);
const example = files.get('lib/session-store.ts') ?? '';

/** Rows of the table of mistakes: the mistake, and the name of the test that finds it. */
const rows = [
  ...guide.slice(guide.indexOf('## Typical mistakes')).matchAll(/^\| (.+) \| `(.+?)`.* \|$/gm),
].map(([, mistake = '', name = '']) => [mistake, name] as const);

let folder: string;
beforeAll(() => {
  mkdirSync(join(root, '.test'), { recursive: true });
  folder = mkdtempSync(join(root, '.test/write-a-store-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let databases = 0;

function applyEdits(edits: readonly Edit[]): string {
  let code = example;
  for (const [previous, next] of edits) {
    expect(code.split(previous), `The example has once: ${previous}`).toHaveLength(2);
    code = code.replace(previous, () => next);
  }
  return code;
}

/** The suite of session stores on two connections of the example, after edits of its code. */
async function createExampleCases(
  edits: readonly Edit[],
  wrap: Wrap = (store) => store,
): Promise<readonly ContractCase[]> {
  const code = stripTypeScriptTypes(applyEdits(edits));
  const { createSqliteSessionStore } = (await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`
  )) as { createSqliteSessionStore: (path: string) => SessionStore };
  const path = join(folder, `${databases++}.db`);
  const handles = [path, path].map((each) => wrap(createSqliteSessionStore(each)));
  let calls = 0;
  return sessionStoreContract(() => handles[calls++ % 2] as SessionStore);
}

const mistakes = createMistakes(createExampleCases);

/** Writes the files of the guide to a folder, and runs its command there. */
function runCommand(code: string, options: readonly string[] = []): Promise<string> {
  const application = mkdtempSync(join(folder, 'application-'));
  for (const [path, content] of [...files, ['lib/session-store.ts', code] as const]) {
    mkdirSync(dirname(join(application, path)), { recursive: true });
    writeFileSync(join(application, path), content);
  }
  const contracts = join(root, 'packages/testing/src/contracts/index.ts');
  writeFileSync(
    join(application, 'vitest.config.ts'),
    `export default { resolve: { alias: { '@countersign/testing/contracts': ${JSON.stringify(contracts)} } } };\n`,
  );
  const command = /^npx vitest (run .+)$/m.exec(guide)?.[1]?.split(' ') ?? [];
  const environment = Object.entries(process.env).filter(([name]) => !/^VITEST|COLOR|^TEST$/.test(name));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), ...command, ...options],
      { cwd: application, env: { ...Object.fromEntries(environment), NO_COLOR: '1' } },
      (_, output, errors) => resolve(`${output}${errors}`),
    );
  });
}

/** The lines of the output that are equal in each run. */
const readResults = (output: string) =>
  output
    .split('\n')
    .filter((line) => /^ *(?:✓|×|Test Files |Tests )/.test(line))
    .map((line) => line.replace(/ \d+ms$/, ''))
    .sort();

/** Whether a suite rejected the store. An error of the database would not be the mistake. */
const isFailure = (error: unknown) =>
  error instanceof AssertionError || String(error).startsWith('Error: Expected within');

/** Conditions of the example that no row of the table concerns, each with a condition that is always true. */
const conditions: readonly Edit[] = [
  ["isLive = 'ended = 0 and", "isLive = '"],
  ['issuer = :issuer and sub = :sub', ':issuer = :issuer and sub = :sub'],
  ['issuer = :issuer and sid = :sid', ':issuer = :issuer and sid = :sid'],
  ['and (:sub is null or sub = :sub)', 'and (:sub is null or 1 = 1)'],
];

const outage = rows.find(([, name]) => name.includes('unavailable'));

describe.concurrent(page, () => {
  test('the command prints what the guide shows, and each test passes', { timeout: 120_000 }, async () => {
    const output = blocks.find(({ language }) => language === 'text')?.code ?? '';
    expect(output.match(/✓/g)?.length).toBe((await createExampleCases([])).length + 1);
    expect(readResults(await runCommand(example))).toEqual(readResults(output));
  });

  test('the test of the guide finds a store that swallows errors', { timeout: 120_000 }, async () => {
    const code = applyEdits([
      [
        'const row = statements.read.get({ key, now: time() });',
        'let row: any; try { row = statements.read.get({ key, now: time() }); } catch {}',
      ],
    ]);
    const output = await runCommand(code, ['--testNamePattern', outage?.[1] ?? '']);
    expect(output).toContain(`× lib/session-store.test.ts > ${outage?.[1]}`);
  });

  test('lists the mistakes of this suite', () => {
    expect(rows.map(([mistake]) => mistake).filter((mistake) => mistake !== outage?.[0])).toEqual(
      Object.keys(mistakes),
    );
  });

  test.each(rows.filter((row) => row !== outage))(
    'a case finds the mistake: %s',
    { timeout: 60_000 },
    async (mistake, name) => {
      const contractCase = (await mistakes[mistake]?.())?.find((each) => each.name === name);
      const error: unknown = await contractCase?.run().catch((thrown: unknown) => thrown);
      expect(isFailure(error), String(error)).toBe(true);
    },
  );

  test.each(conditions)(
    'the suite fails without the condition of the example: %s',
    { timeout: 60_000 },
    async (condition, replacement) => {
      const cases = await createExampleCases([[condition, replacement]]);
      const results = await Promise.allSettled(cases.map(({ run }) => run()));
      const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(errors).not.toEqual([]);
      expect(errors.filter((error) => !isFailure(error))).toEqual([]);
    },
  );
});
