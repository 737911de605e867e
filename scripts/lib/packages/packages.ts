import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../processes/process.ts';

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface PublishedPackage {
  readonly name: string;
  readonly directory: string;
  readonly manifest: Manifest;
}

export const readManifest = (directory: string): Manifest =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;

/** The published packages, sorted by folder. */
export function listPublishedPackages(): PublishedPackage[] {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((folder) => join(root, 'packages', folder))
    .filter((directory) => existsSync(join(directory, 'package.json')))
    .map((directory) => ({ directory, manifest: readManifest(directory) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ directory, manifest }) => ({ name: manifest.name, directory, manifest }));
}

/** Lists the subpaths that users import: `.`, `./browser` ... */
export const listEntries = ({ manifest }: PublishedPackage): string[] =>
  Object.keys(manifest.exports ?? {}).filter(
    (subpath) => subpath !== './package.json' && !subpath.includes('*'),
  );

/** Finds the built file that an entry's `default` (or `types`) condition names. */
export function findBuiltFile(
  { name, directory, manifest }: PublishedPackage,
  subpath: string,
  condition: 'default' | 'types' = 'default',
): string {
  const target = manifest.exports?.[subpath] as Readonly<Record<string, unknown>> | undefined;
  const path = target?.[condition];
  if (typeof path !== 'string')
    throw new Error(`${name} does not export "${subpath}" with the condition "${condition}".`);
  const file = join(directory, path);
  if (!existsSync(file))
    throw new Error(`${name} exports "${subpath}" as ${path}, but the build did not create that file.`);
  return file;
}
