import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findContentProblems } from '../packages/contents.ts';
import { readRepositoryUrl } from '../packages/repository.ts';
import { run } from '../processes/process.ts';
import type { Registry } from './registry.ts';
import type { Rehearsal } from './rehearsal.ts';

/** The metadata that a registry serves for a package. */
interface Document {
  readonly readme?: string;
  readonly versions: Readonly<Record<string, VersionDocument>>;
}

interface VersionDocument {
  readonly homepage?: string;
  readonly bugs?: unknown;
  readonly repository?: { readonly url?: string; readonly directory?: string };
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly engines?: object;
  readonly main?: string;
  readonly types?: string;
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly dist: { readonly tarball: string };
}

/** Checks each package as the registry serves it: fields, links and files. */
export async function checkMetadata(rehearsal: Rehearsal, registry: Registry): Promise<void> {
  const unpacked = join(rehearsal.folder, '../unpacked');
  for (const { name, version } of rehearsal.packages()) {
    const response = await fetch(`${registry.url}${encodeURIComponent(name)}`);
    const served = (await response.json()) as Document;
    const manifest = served.versions[version];
    if (manifest === undefined) {
      rehearsal.check(`${name} is served`, `no version ${version}`);
      continue;
    }
    rehearsal.check(
      `${name} has complete metadata`,
      findFieldProblems(name, version, manifest).join(', ') || undefined,
    );
    const folder = join(unpacked, name);
    const files = await unpack(manifest.dist.tarball, folder);
    const code = await readCode(folder, files);
    const problems = [
      ...findContentProblems(
        files.map((file) => `package/${file}`),
        code,
      ),
    ];
    if (!files.includes('CHANGELOG.md')) problems.push('does not contain its changelog');
    rehearsal.check(`${name} contains the expected files`, problems.join(', ') || undefined);
    const texts = await Promise.all(
      ['README.md', 'CHANGELOG.md'].map((file) => readText(join(folder, file))),
    );
    const links = texts.flatMap((text) => findDeadLinks(text, rehearsal.folder));
    rehearsal.check(`${name} has no dead link`, links.join(', ') || undefined);
  }
}

function findFieldProblems(name: string, version: string, manifest: VersionDocument): string[] {
  const problems: string[] = [];
  const repository = readRepositoryUrl();
  for (const field of ['homepage', 'bugs', 'license', 'keywords', 'engines', 'main', 'types'] as const)
    if (manifest[field] === undefined) problems.push(`no ${field}`);
  if (manifest.repository?.url !== `git+${repository}.git`) problems.push('another repository');
  if (manifest.publishConfig?.access !== 'public') problems.push('no public access');
  if (manifest.publishConfig?.provenance !== true) problems.push('no provenance');
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies });
  for (const [dependency, range] of ranges)
    if (/^(workspace|catalog|file|link):/.test(range)) problems.push(`${dependency} is "${range}"`);
  if (name !== '@countersign/core' && manifest.peerDependencies?.['@countersign/core'] !== `^${version}`)
    problems.push('the range of core');
  return problems;
}

async function unpack(tarball: string, folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const response = await fetch(tarball);
  const file = join(folder, '../package.tgz');
  await writeFile(file, new Uint8Array(await response.arrayBuffer()));
  const { code, output } = await run({
    command: 'tar',
    args: ['-xzf', file, '-C', folder, '--strip-components=1'],
  });
  if (code !== 0) throw new Error(`${tarball} was not unpacked:\n${output}`);
  return readdir(folder, { recursive: true });
}

async function readCode(folder: string, files: readonly string[]): Promise<string> {
  const code = files.filter((file) => /\.m?js$|package\.json$/.test(file));
  return (await Promise.all(code.map((file) => readText(join(folder, file))))).join('\n');
}

const readText = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/** Finds links into the repository whose file does not exist there, and links that are relative. */
function findDeadLinks(text: string, repositoryFolder: string): string[] {
  const files = `${readRepositoryUrl()}/blob/main/`;
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => {
      if (link.startsWith('#')) return false;
      if (!/^https?:|^mailto:/.test(link)) return true;
      const path = link.startsWith(files) ? link.slice(files.length).replace(/#.*/, '') : undefined;
      return path !== undefined && !existsSync(join(repositoryFolder, path));
    });
}
