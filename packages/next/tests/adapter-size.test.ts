import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Lines of code over the core at most, types included; blank lines and comments do not count. */
const limit = 560;

test(`the server entry adds at most ${limit} lines to the core`, () => {
  const files = reachable(resolve(import.meta.dirname, '../src/index.ts'));
  expect(files.size).toBeGreaterThan(4);
  const lines = [...files.values()].reduce((sum, text) => sum + linesOfCode(text), 0);
  expect(lines).toBeLessThanOrEqual(limit);
});

test('comments and blank lines are not counted, code is', () => {
  expect(linesOfCode("/** a\n * b */\nconst a = 1; // c\n\n// d\nconst b = 'https://x.example';\n")).toBe(2);
});

function reachable(file: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(file)) return found;
  const text = readFileSync(file, 'utf8');
  found.set(file, text);
  for (const [, path = ''] of text.matchAll(/from '(\.[^']+)'/g))
    reachable(resolve(dirname(file), path), found);
  return found;
}

function linesOfCode(text: string): number {
  const withoutComments = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');
  return withoutComments.split('\n').filter((line) => line.trim() !== '').length;
}
