import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './process.ts';

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

/** The packages that are published, in the order of their names. */
export function publishedPackages(): PublishedPackage[] {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((folder) => join(root, 'packages', folder))
    .filter((directory) => existsSync(join(directory, 'package.json')))
    .map((directory) => ({ directory, manifest: readManifest(directory) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ directory, manifest }) => ({ name: manifest.name, directory, manifest }));
}

/** The subpaths that users import: `.`, `./browser` ... */
export const entries = ({ manifest }: PublishedPackage): string[] =>
  Object.keys(manifest.exports ?? {}).filter(
    (subpath) => subpath !== './package.json' && !subpath.includes('*'),
  );

/** The built file that an entry's `default` (or `types`) condition names. */
export function builtFile(
  { name, directory, manifest }: PublishedPackage,
  subpath: string,
  condition: 'default' | 'types' = 'default',
): string {
  const target = manifest.exports?.[subpath] as Readonly<Record<string, unknown>> | undefined;
  const path = target?.[condition];
  if (typeof path !== 'string')
    throw new Error(`${name} exports no "${subpath}" with a "${condition}" condition.`);
  const file = join(directory, path);
  if (!existsSync(file))
    throw new Error(`${name} exports "${subpath}" as ${path}, which the build did not make.`);
  return file;
}
