import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compilers, groups, nodeVersions, renderTable } from '../../../e2e/toolchains/matrix.ts';
import { listPublishedPackages } from '../../lib/packages/packages.ts';
import { root } from '../../lib/processes/process.ts';

const readPage = (page: string) => readFileSync(join(root, page), 'utf8');
const readme = readPage('README.md');

test('docs/toolchains.md has the table of the matrix', () => {
  expect(readPage('docs/toolchains.md')).toContain(renderTable());
});

test.each(groups.flatMap(({ tools }) => tools))('$name $version is pinned to an exact version', (tool) => {
  expect(tool.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(Object.values(tool.packages).filter((source) => !source.endsWith(`@${tool.version}`))).toEqual([]);
});

test('docs/toolchains.md has the line for Jest of the README of @countersign/nest', () => {
  const [line] = /^"transformIgnorePatterns": .*$/m.exec(readPage('packages/nest/README.md')) ?? [];
  expect(readPage('docs/toolchains.md')).toContain(`\n${line}\n`);
});

describe('the README states', () => {
  test('the oldest and the newest tested TypeScript', () => {
    const [oldest, newest] = [compilers.at(0), compilers.at(-1)].map((tool) =>
      tool?.version.replace(/\.\d+$/, ''),
    );
    expect(readme).toContain(`| TypeScript | ${oldest} to ${newest};`);
  });

  test('the oldest tested Node, as the manifests do', () => {
    const oldest = nodeVersions[0]?.version.replace(/\.0$/, '');
    expect(readme).toContain(`| Node | ${oldest} and newer;`);
    for (const { manifest } of listPublishedPackages())
      expect(manifest).toMatchObject({ engines: { node: `>=${oldest}` } });
  });
});

// TypeScript has a parameter of Uint8Array since 5.7.
test.each(globSync('packages/*/api/*.api.md', { cwd: root }))('%s has no generic Uint8Array', (report) => {
  expect(readPage(report)).not.toMatch(/\bUint8Array</);
});
