import { describe, expect, test } from 'vitest';
import { findContentProblems } from './contents.ts';

const files = ['package/README.md', 'package/LICENSE', 'package/package.json', 'package/dist/index.js'];

test('a complete package has no problem', () => {
  const code = `import { createServer } from 'node:http';\nimport x from 'httpx';\nimport { text } from './stream';`;
  expect(findContentProblems(files, code)).toEqual([]);
});

describe('reports', () => {
  test.each([
    ['dist/README.md', 'repeats'],
    ['dist/LICENSE', 'repeats'],
    ['dist/index.js.map', 'map'],
    ['dist/index.d.ts.map', 'map'],
    ['dist/login.test.js', 'test'],
  ])('the file %s', (file, word) => {
    const problems = findContentProblems([...files, `package/${file}`], '');
    expect(problems).toEqual([expect.stringContaining(word)]);
  });

  test('a missing license', () => {
    expect(findContentProblems(['package/README.md'], '')).toEqual(['does not contain package/LICENSE']);
  });

  test.each([
    `import { createServer } from 'http';`,
    `import{x}from"crypto";`,
    `import 'fs';`,
    `await import('tls')`,
    `require("timers/promises")`,
  ])('the import %s', (code) => {
    expect(findContentProblems(files, code)).toEqual([expect.stringContaining('without the prefix "node:"')]);
  });

  test('sources in exports', () => {
    expect(findContentProblems(files, '"@countersign/source": "./src/index.ts"')).toHaveLength(1);
  });
});
