import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../processes/process.ts';
import type { PublishedPackage } from './packages.ts';

/** The web address of the repository, from `homepage` of the root manifest: the only place that states it. */
export function readRepositoryUrl(): string {
  const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { homepage: string };
  return homepage;
}

/**
 * The manifest fields of a package that name the repository. The registry rejects provenance if `repository` differs from
 * the repository of the workflow.
 *
 * @see https://docs.npmjs.com/generating-provenance-statements
 */
export function createRepositoryFields(
  { directory }: PublishedPackage,
  repository = readRepositoryUrl(),
): Readonly<Record<'homepage' | 'bugs' | 'repository', unknown>> {
  const folder = relative(root, directory);
  return {
    homepage: `${repository}/tree/main/${folder}#readme`,
    bugs: `${repository}/issues`,
    repository: { type: 'git', url: `git+${repository}.git`, directory: folder },
  };
}

/** Links of a page to its repository, on any host: `https://github.com/owner/name/blob/main/`. */
const repositoryLinks = /https:\/\/[\w.-]+\/[\w.-]+\/[\w.-]+\/blob\/main\//g;

/** Makes the links of a package's README absolute, because the registry shows the README without the repository. */
export function makeLinksAbsolute(readme: string, repository = readRepositoryUrl()): string {
  return readme
    .replaceAll('](../../', `](${repository}/blob/main/`)
    .replaceAll(repositoryLinks, `${repository}/blob/main/`);
}
