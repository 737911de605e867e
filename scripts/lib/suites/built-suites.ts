import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { root } from '../processes/process.ts';

/** A test name that begins with codes of docs/threats.md: `S3: ...`, `S8, S19: ...`. */
const threatCode = /['"`][A-Z]\d+(?:, [A-Z]\d+)*[:,] /;

/** Helpers of tests, without state. They are imported from the source, even where the package itself is built. */
const sharedHelpers = new Set([
  'packages/core/src/internal/encoding.ts',
  'packages/core/src/internal/signatures/algorithm-names.ts',
  'packages/core/src/internal/signatures/rsa-key.ts',
  'packages/core/src/internal/signatures/signature-algorithms.ts',
]);

interface Import {
  readonly specifier: string;
  /** The imported values, without types. Undefined: the complete module. */
  readonly names: readonly string[] | undefined;
}

interface Entry {
  readonly source: string;
  readonly built: string;
}

/** The packages whose threat suites run against `dist/`. */
export const builtPackages = ['core', 'next', 'nest', 'angular', 'redis', 'sql'] as const;

/** A threat suite that cannot run against the built packages, and the source files that it needs. */
export interface OmittedSuite {
  readonly suite: string;
  readonly internals: readonly string[];
}

export interface BuiltSuites {
  readonly suites: readonly string[];
  readonly omitted: readonly OmittedSuite[];
}

/** `import ... from '...'`, `export ... from '...'`, `import '...'` and `import('...')`, as Biome formats them. */
const importPattern =
  /^(?:import|export) (type )?(?:([^'";]*?) from )?'(\.[^']+)'|(typeof )?import\(\s*'(\.[^']+)'\s*\)/gm;

const entries: readonly Entry[] = globSync('packages/*/package.json', { cwd: root })
  .map((file) => join(root, dirname(file)))
  .flatMap(readEntries);
const builtBySource = new Map(entries.map(({ source, built }) => [source, built]));
const entriesByExport = readReexports();

/** Lists the suites of a package whose test names carry threat codes and those of them that need internal modules. */
export function findBuiltSuites(name: string): BuiltSuites {
  const directory = join(root, 'packages', name);
  const suites: string[] = [];
  const omitted: OmittedSuite[] = [];
  for (const file of globSync('**/*.test.{ts,tsx}', {
    cwd: directory,
    exclude: ['**/{node_modules,dist}'],
  })) {
    const suite = join(directory, file);
    if (!threatCode.test(readFileSync(suite, 'utf8'))) continue;
    const internals = findInternals(suite);
    if (internals.size === 0) suites.push(file);
    else
      omitted.push({
        suite: relative(root, suite),
        internals: [...internals].map((path) => relative(root, path)),
      });
  }
  return { suites, omitted };
}

/** A Vite plugin that redirects imports of sources to the built file of the entry that exports the same names. */
export const redirectToBuild = {
  name: 'redirect-to-build',
  enforce: 'pre',
  transform(code: string, id: string): string | undefined {
    const [file = ''] = id.split('?');
    if (!/\/packages\/.*\.tsx?$/.test(file)) return undefined;
    if (isInternal(file))
      throw new Error(`${relative(root, file)} is imported from its source, expected from dist/.`);
    return code.replaceAll(importPattern, (statement, ...groups: (string | undefined)[]) => {
      const { specifier, names } = toImport(groups);
      const target = findBuiltFile(file, { specifier, names });
      return target === undefined ? statement : statement.replace(`'${specifier}'`, `'${target}'`);
    });
  },
} as const;

function toImport([typeOnly, clause, specifier, typeQuery, dynamic]: readonly (
  | string
  | undefined
)[]): Import {
  const path = specifier ?? dynamic ?? '';
  if (typeOnly || typeQuery) return { specifier: path, names: [] };
  const named = /^\{([^}]*)\}$/s.exec(clause?.trim() ?? '')?.[1];
  const names = named?.split(',').map((name) => name.trim());
  return {
    specifier: path,
    names: names
      ?.filter((name) => name !== '' && !name.startsWith('type '))
      .map((name) => name.split(' ')[0] ?? ''),
  };
}

function readImports(file: string): readonly Import[] {
  return [...readFileSync(file, 'utf8').matchAll(importPattern)].map(([, ...groups]) => toImport(groups));
}

function findBuiltFile(importer: string, { specifier, names }: Import): string | undefined {
  const target = resolve(dirname(importer), specifier);
  const built = builtBySource.get(target);
  if (built !== undefined) return built;
  if (names === undefined || names.length === 0) return undefined;
  const candidates = names.map((name) => entriesByExport.get(target)?.get(name) ?? new Set<string>());
  return candidates[0] && [...candidates[0]].find((each) => candidates.every((files) => files.has(each)));
}

function isInternal(file: string): boolean {
  const path = relative(root, file);
  return /^packages\/\w+\/src\//.test(path) && !/\.test\.tsx?$/.test(path) && !sharedHelpers.has(path);
}

/** The sources of packages that a suite imports and that no entry exports. */
function findInternals(suite: string): ReadonlySet<string> {
  const internals = new Set<string>();
  const visited = new Set<string>();
  const visit = (file: string) => {
    if (visited.has(file) || !/\.tsx?$/.test(file)) return;
    visited.add(file);
    for (const each of readImports(file)) {
      if (each.names?.length === 0 || findBuiltFile(file, each) !== undefined) continue;
      const target = resolve(dirname(file), each.specifier);
      if (isInternal(target)) internals.add(target);
      else if (!sharedHelpers.has(relative(root, target))) visit(target);
    }
  };
  visit(suite);
  return internals;
}

function readEntries(directory: string): Entry[] {
  const { exports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
  };
  return Object.values(exports).flatMap((conditions) => {
    if (typeof conditions === 'string') return [];
    const { '@countersign/source': source, default: built } = conditions;
    if (source === undefined || built === undefined) return [];
    return [{ source: join(directory, source), built: join(directory, built) }];
  });
}

/** Maps each source file to the names that entries export from it, and each name to the built files of these. */
function readReexports(): ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>> {
  const reexportsBySource = new Map<string, Map<string, Set<string>>>();
  for (const { source, built } of entries) {
    for (const { specifier, names = [] } of readImports(source)) {
      const target = resolve(dirname(source), specifier);
      const byName = reexportsBySource.get(target) ?? new Map<string, Set<string>>();
      reexportsBySource.set(target, byName);
      for (const name of names) byName.set(name, (byName.get(name) ?? new Set()).add(built));
    }
  }
  return reexportsBySource;
}
