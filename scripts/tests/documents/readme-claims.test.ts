import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readInstructions } from '../../../e2e/fresh/readme.ts';
import { readBlocks, readFiles } from '../../lib/examples/markdown.ts';
import { readRepositoryUrl } from '../../lib/packages/repository.ts';
import { root } from '../../lib/processes/process.ts';
import changelog from '../../lib/release/changelog.ts';
import { sizeBudgets } from '../../size-budgets.ts';

const readPage = (page: string) => readFileSync(join(root, page), 'utf8');

describe('README.md', () => {
  const section = /^## Next\.js\n([\s\S]*?)^## /m.exec(readPage('README.md'))?.[1] ?? '';

  test('shows the files that test:fresh builds, with their environment', () => {
    const shown = readBlocks('README.md', section).flatMap(({ code, language, notes }) =>
      language === 'sh'
        ? [{ path: /^# (\.env\S*)\n/.exec(code)?.[1], code }]
        : readFiles(code, notes).map((file) => ({ path: file.path, code: file.code })),
    );
    expect(shown).toEqual(readInstructions('packages/next/README.md').files);
  });

  test.each(['README.md', 'CONTRIBUTING.md'])('%s names the Node of the workflows', (page) => {
    const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map(readPage).join('\n');
    const versions = [...workflows.matchAll(/node-version: (\d+)/g)].map(([, version]) => version);
    const stated = /the workflows use Node (\d+)\./.exec(readPage(page))?.[1];
    expect([...new Set(versions)]).toEqual([stated]);
  });
});

describe('packages/angular/README.md', () => {
  test('states the size that test:packages allows', () => {
    const stated = /At most ([\d.]+) kB/.exec(readPage('packages/angular/README.md'))?.[1];
    expect(Number(stated)).toBe(sizeBudgets['@countersign/angular']?.limit);
  });
});

test('links of a changeset are absolute in the changelog', () => {
  const line = changelog.getReleaseLine({ summary: 'The first release ([guide](../docs/refresh.md)).' });
  expect(line).toContain(`(${readRepositoryUrl()}/blob/main/docs/refresh.md)`);
});
