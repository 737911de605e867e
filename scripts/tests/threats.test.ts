import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../lib/process.ts';

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
  const found = new Map<string, Set<string>>();
  for (const file of files.split('\n').filter((name) => name !== '')) {
    for (const [, codes = ''] of readFileSync(join(root, file), 'utf8').matchAll(codePattern)) {
      for (const code of codes.split(', ')) found.set(code, (found.get(code) ?? new Set()).add(file));
    }
  }
  return found;
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
  const found = findCodes();

  test('defines each code once', () => {
    const codes = threats.map(({ code }) => code);
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    expect(codes.length).toBeGreaterThan(50);
  });

  test('defines each code that begins a test name', () => {
    const defined = new Set(threats.map(({ code }) => code));
    expect([...found.keys()].filter((code) => !defined.has(code))).toEqual([]);
  });

  test.each(threats)('$code appears in each test file that its row names', ({ code, files }) => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !found.get(code)?.has(file))).toEqual([]);
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

  test('lists promises', () => {
    expect(promises.length).toBeGreaterThan(10);
  });

  test.each(promises)('$promise', ({ evidence }) => {
    const named = [...evidence.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    expect(named.length).toBeGreaterThan(0);
    const missing = named.filter((name) => !isCommand(name) && globSync(name, { cwd: root }).length === 0);
    expect(missing).toEqual([]);
    expect([...evidence.matchAll(/\b[A-Z]\d+\b/g)].filter(([code]) => !defined.has(code))).toEqual([]);
  });
});

const isCommand = (name: string): boolean => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return name in scripts;
};
