import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';

/** Codes at the beginning of a test name: `S3: ...`, `S8, S19: ...`, `S3, ${kind}: ...`. */
const codePattern = /['"`]((?:[A-Z]\d+)(?:, [A-Z]\d+)*)(?=[:,] )/g;

/** Maps each code to the test files that contain it. */
function findCodes(): ReadonlyMap<string, ReadonlySet<string>> {
  const patterns = [
    '*.test.ts',
    '*.test.tsx',
    '*.spec.ts',
    '*.edge-test.ts',
    '*.browser-test.ts',
    '*-contract.ts',
    '*-rows.ts',
  ];
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  });
  const codesByFile = new Map<string, Set<string>>();
  // The examples in this suite are not titles.
  const suites = files
    .split('\n')
    .filter((name) => name !== '' && name !== 'scripts/tests/documents/threats.test.ts');
  for (const file of suites) {
    for (const [, codes = ''] of readFileSync(join(root, file), 'utf8').matchAll(codePattern)) {
      for (const code of codes.split(', '))
        codesByFile.set(code, (codesByFile.get(code) ?? new Set()).add(file));
    }
  }
  return codesByFile;
}

interface Threat {
  readonly code: string;
  readonly files: readonly string[];
}

/** Reads the rows of the tables of codes. */
function readThreats(): readonly Threat[] {
  const page = readFileSync(join(root, 'docs/threats.md'), 'utf8');
  return page.split('\n').flatMap((line) => {
    const [, code = '', ...cells] = line.split('|').map((cell) => cell.trim());
    if (!/^[A-Z]\d+$/.test(code)) return [];
    return [{ code, files: [...(cells.at(2) ?? '').matchAll(/`([^`]+)`/g)].map(([, file = '']) => file) }];
  });
}

describe('docs/threats.md', () => {
  const threats = readThreats();
  const codesByFile = findCodes();

  test('defines each code once', () => {
    const codes = threats.map(({ code }) => code);
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    expect(codes.length).toBeGreaterThan(50);
  });

  test('defines each code that begins a test name', () => {
    const defined = new Set(threats.map(({ code }) => code));
    expect([...codesByFile.keys()].filter((code) => !defined.has(code))).toEqual([]);
  });

  test('names each kind of test:hostile, and no other one', () => {
    const kinds = readFileSync(join(root, 'e2e/hostile/kinds.ts'), 'utf8').matchAll(/^ {6}name: '([^']+)'/gm);
    const page = readFileSync(join(root, 'docs/threats.md'), 'utf8').replaceAll(/\s+/g, ' ');
    const list = /of each of the following kinds (.*?) It does not flood/.exec(page)?.[1] ?? '';
    const named = [...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named).toEqual([...kinds].map(([, name]) => name));
  });

  test.each(threats)('the row of $code names each suite whose titles contain it', ({ code, files }) => {
    expect([...(codesByFile.get(code) ?? [])].filter((file) => !files.includes(file))).toEqual([]);
  });

  test.each(threats)('$code appears in each test file that its row names', ({ code, files }) => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !codesByFile.get(code)?.has(file))).toEqual([]);
  });
});

describe('SECURITY.md', () => {
  const page = readFileSync(join(root, 'SECURITY.md'), 'utf8');
  const promises = page
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 4 && !/^(promise|-+)$/.test(cells[1] ?? ''))
    .map(([, promise = '', evidence = '']) => ({ promise, evidence }));
  const defined = new Set(readThreats().map(({ code }) => code));
  const codesByFile = findCodes();

  test('lists promises', () => {
    expect(promises.length).toBeGreaterThan(10);
  });

  test.each(promises)('$promise', ({ evidence }) => {
    const named = [...evidence.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    const files = named.filter((name) => !isCommand(name)).map((name) => globSync(name, { cwd: root }));
    expect(named.filter((name) => !isCommand(name) && !isTestFile(name))).toEqual([]);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((matches) => matches.length === 0)).toEqual([]);
    const codes = readCodes(evidence);
    expect(codes.filter((code) => !defined.has(code))).toEqual([]);
    const isShown = (code: string) => files.flat().some((file) => codesByFile.get(code)?.has(file));
    expect(codes.filter((code) => !isShown(code))).toEqual([]);
  });

  test('reads codes, ranges of codes and names of files', () => {
    expect(readCodes('S13, S80 to S82, N1: `packages/S1/S2.test.ts`')).toEqual([
      'S13',
      'S80',
      'S81',
      'S82',
      'N1',
    ]);
  });
});

/** Reads the codes of a row, outside the names of files. `S80 to S82` are three codes. */
function readCodes(evidence: string): readonly string[] {
  const text = evidence.replaceAll(/`[^`]*`/g, '');
  return [...text.matchAll(/\b([A-Z])(\d+)(?: to \1(\d+))?\b/g)].flatMap(
    ([, letter = '', first, last = first]) =>
      Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => `${letter}${Number(first) + at}`),
  );
}

/** A file or a pattern of files; a folder shows nothing in particular. */
const isTestFile = (name: string): boolean =>
  /(?:\.(?:test|spec|edge-test|browser-test)\.tsx?|-rows\.ts)$/.test(name);

const isCommand = (name: string): boolean => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return name in scripts;
};
