import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listPublishedPackages, type Manifest } from '../../lib/packages/packages.ts';
import {
  createRepositoryFields,
  makeLinksAbsolute,
  readRepositoryUrl,
} from '../../lib/packages/repository.ts';
import { root } from '../../lib/processes/process.ts';

const packages = listPublishedPackages().map((pkg) => [pkg.name, pkg] as const);

interface Entry {
  readonly types: string;
  readonly default: string;
}

type DependencyField = 'dependencies' | 'peerDependencies' | 'devDependencies';
type CompleteManifest = Manifest &
  Readonly<Record<DependencyField, Readonly<Record<string, string>> | undefined>> & {
    readonly version: string;
    readonly main?: string;
    readonly types?: string;
    readonly publishConfig?: object;
  };

describe.each(packages)('%s', (name, pkg) => {
  const manifest = pkg.manifest as CompleteManifest;

  test('has core as a peer, so that an application has one copy of it', () => {
    const internal = Object.keys(manifest.dependencies ?? {}).filter((each) =>
      each.startsWith('@countersign/'),
    );
    expect(internal).toEqual([]);
    if (name === '@countersign/core') return;
    expect(manifest.peerDependencies).toMatchObject({ '@countersign/core': 'workspace:^' });
    // Builds and tests inside this repository use it.
    expect(manifest.devDependencies).toMatchObject({ '@countersign/core': 'workspace:*' });
  });

  test('has fields with its root entry for tools that do not read exports', () => {
    const entry = manifest.exports?.['.'] as Entry;
    expect({ main: manifest.main, types: manifest.types }).toEqual({
      main: entry.default,
      types: entry.types,
    });
  });

  test('contains the repository of the root manifest', () => {
    expect(manifest).toMatchObject(createRepositoryFields(pkg));
    expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
    expect(manifest).toHaveProperty('author', 'The Countersign authors');
  });

  test('README: links lead to the repository from the registry too', () => {
    const readme = readFileSync(join(pkg.directory, 'README.md'), 'utf8');
    expect(readme).toBe(makeLinksAbsolute(readme));
    const relative = readme.matchAll(/\]\((?!https?:|#|mailto:)([^)\s]*)\)/g).map(([, link]) => link);
    expect([...relative]).toEqual([]);
  });

  test('has the same version as core', () => {
    const core = packages.find(([each]) => each === '@countersign/core')?.[1].manifest as CompleteManifest;
    expect(manifest.version).toBe(core.version);
  });
});

test('`pnpm repository` writes each address of the repository', () => {
  const address = readRepositoryUrl();
  const written = new Set(['package.json']);
  for (const [, { directory, manifest }] of packages) {
    const folder = relative(root, directory);
    written.add(`${folder}/package.json`).add(`${folder}/README.md`);
    // Only the fields and links that the command replaces contain the address.
    const { homepage, bugs, repository, ...rest } = manifest as CompleteManifest & Record<string, unknown>;
    const readme = readFileSync(join(directory, 'README.md'), 'utf8');
    expect(JSON.stringify(rest)).not.toContain(address);
    expect(readme.replaceAll(`${address}/blob/main/`, '')).not.toContain(address);
  }
  const files = execFileSync('git', ['grep', '-lIF', '--untracked', address], {
    cwd: root,
    encoding: 'utf8',
  });
  const others = files.split('\n').filter((file) => file !== '' && !written.has(file));
  expect(others).toEqual([]);
});

test('a new address of the repository changes each link and field', () => {
  const moved = 'https://git.example/team/auth';
  const readme = `[a](../../docs/refresh.md#x) [b](${readRepositoryUrl()}/blob/main/docs/errors.md) [c](https://example.com/a)`;
  expect(makeLinksAbsolute(makeLinksAbsolute(readme), moved)).toBe(
    `[a](${moved}/blob/main/docs/refresh.md#x) [b](${moved}/blob/main/docs/errors.md) [c](https://example.com/a)`,
  );
  const [, pkg] = packages[0] as (typeof packages)[number];
  expect(createRepositoryFields(pkg, moved)).toEqual({
    homepage: `${moved}/tree/main/packages/angular#readme`,
    bugs: `${moved}/issues`,
    repository: { type: 'git', url: `git+${moved}.git`, directory: 'packages/angular' },
  });
});
