import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../lib/processes/process.ts';

interface Row {
  readonly question: string;
  /** Paths from the root of the repository, with the text of their links. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Names that one of the files must export. */
  readonly names: readonly string[];
}

const page = 'docs/architecture.md';
const text = readFileSync(join(root, page), 'utf8');

/** Rows of the tables whose columns are: question, file, exported name. */
function readRows(): readonly Row[] {
  return text.split('\n').flatMap((line) => {
    const [, question = '', files = '', names = '', ...otherCells] = line
      .split('|')
      .map((cell) => cell.trim());
    if (otherCells.length !== 1 || !files.includes('](')) return [];
    return [{ question, files: readLinks(files), names: readCode(names) }];
  });
}

const readLinks = (cell: string) =>
  [...cell.matchAll(/\[`([^`]+)`\]\(([^)#]+)\)/g)].map(([, label = '', target = '']) => ({
    path: join(dirname(page), target),
    text: label,
  }));

const readCode = (cell: string) => [...cell.matchAll(/`(\w+)(?:\(\))?`/g)].map(([, name = '']) => name);

/** Whether a source file exports a name, by a declaration or in a list. */
function isExported(source: string, name: string): boolean {
  const declared = new RegExp(
    `^export (?:default )?(?:abstract )?(?:async )?(?:function\\*?|const|class|interface|type) ${name}\\b`,
    'm',
  );
  const listed = new RegExp(`^export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\}`, 'm');
  return declared.test(source) || listed.test(source);
}

describe('docs/architecture.md', () => {
  const rows = readRows();

  test('lists questions with their files', () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter(({ question, files }) => question === '' || files.length === 0)).toEqual([]);
  });

  test('links only to files and folders that exist', () => {
    const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    const local = targets.filter((target) => !target.includes('://'));
    expect(local.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  test.each(rows)('$question: the link text is the end of the path', ({ files }) => {
    expect(files.filter(({ path, text }) => !`/${path}`.endsWith(`/${text}`))).toEqual([]);
  });

  test.each(rows)('$question: the file exports the names', ({ files, names }) => {
    const sources = files
      .filter(({ path }) => /\.tsx?$/.test(path))
      .map(({ path }) => readFileSync(join(root, path), 'utf8'));
    expect(names.filter((name) => !sources.some((source) => isExported(source, name)))).toEqual([]);
  });
});
