import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { presetFunctions } from '../../../packages/core/tests/providers/preset-functions.ts';
import { presetNames, renderProviderDocuments } from '../../lib/documents/provider-documents.ts';
import { root } from '../../lib/processes/process.ts';

const readPage = (path: string) => readFileSync(join(root, path), 'utf8');

describe('docs/providers', () => {
  test.each(renderProviderDocuments(readPage))(
    '$path agrees with the presets and the matrix',
    async ({ path, text }) => {
      await expect(text).toMatchFileSnapshot(join(root, path));
    },
  );

  test('has a page for each preset, and no other', () => {
    const pages = readdirSync(join(root, 'docs/providers')).map((file) => file.replace(/\.md$/, ''));
    expect(pages.toSorted()).toEqual(['README', ...presetNames].toSorted());
  });

  test.each(presetNames)('%s.md has the sections of each page, and names its preset', (name) => {
    const page = readPage(`docs/providers/${name}.md`);
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Registration', 'Options', 'Roles and groups', 'Logout', 'Traps', 'Sources']);
    expect(page).toContain(`provider: ${presetFunctions[name]}(`);
    const sources = page.split('\n## Sources\n')[1] ?? '';
    expect(sources).toMatch(/^\n(?:- https:\/\/\S+\n)+$/);
  });
});
