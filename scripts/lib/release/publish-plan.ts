import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../processes/process.ts';

/** An entry of `publish-plan.json`, which `changeset pack` writes beside the tarballs. */
export interface Release {
  /** `tag-only`: the version is published already, and only its tag can be missing. */
  readonly kind: 'publish' | 'tag-only';
  readonly name: string;
  readonly version: string;
  readonly tag?: string;
  readonly tarball?: { readonly path: string; readonly integrity: string };
}

export interface PublishPlan {
  readonly version: number;
  /** Groups of releases. A group is published after the groups that it depends on. */
  readonly plan: readonly (readonly Release[])[];
}

/** Reads the integrity of a published version, for example `sha512-...`, or `undefined` if it is not published. */
export type ReadIntegrity = (release: Release) => Promise<string | undefined>;

/**
 * Changes the releases that the registry already has to `tag-only`, so that a publish that failed halfway can be run again.
 *
 * @throws Error If a published version has other contents than the packed one.
 */
export async function skipPublished(
  { version, plan }: PublishPlan,
  readPublished: ReadIntegrity,
  readPacked: ReadIntegrity,
): Promise<PublishPlan> {
  const check = async (release: Release): Promise<Release> => {
    if (release.kind !== 'publish') return release;
    const published = await readPublished(release);
    if (published === undefined) return release;
    if (published !== (await readPacked(release)))
      throw new Error(
        `${release.name}@${release.version} is published with other contents than the packed file. Release a new version.`,
      );
    return { kind: 'tag-only', name: release.name, version: release.version };
  };
  return {
    version,
    plan: await Promise.all(plan.map((group) => Promise.all(group.map(check)))),
  };
}

/** Publishes under another tag of the registry, for example `canary`. */
export const changeTag = ({ version, plan }: PublishPlan, tag: string): PublishPlan => ({
  version,
  plan: plan.map((group) =>
    group.map((release) => (release.kind === 'publish' ? { ...release, tag } : release)),
  ),
});

/** Reads the integrity from the registry that pnpm is configured for. */
export const readPublishedIntegrity: ReadIntegrity = async ({ name, version }) => {
  const { code, stdout, output } = await run({
    command: 'pnpm',
    args: ['view', `${name}@${version}`, 'dist.integrity', '--json'],
  });
  if (code === 0) return JSON.parse(stdout) as string;
  if (/ERR_PNPM_(FETCH_404|PACKAGE_NOT_FOUND|NO_MATCHING_VERSION)/.test(output)) return undefined;
  throw new Error(`The registry was not reached for ${name}@${version}:\n${output}`);
};

/** Reads the integrity of the packed file, as registries state it. */
export const readPackedIntegrity =
  (folder: string): ReadIntegrity =>
  async ({ tarball }) => {
    if (tarball === undefined) return undefined;
    const hash = createHash('sha512').update(await readFile(join(folder, tarball.path)));
    return `sha512-${hash.digest('base64')}`;
  };
