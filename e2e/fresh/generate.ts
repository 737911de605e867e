import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { listPublishedPackages } from '../../scripts/lib/packages/packages.ts';
import { tarball } from '../../scripts/lib/packages/tarball.ts';
import { root, run } from '../../scripts/lib/processes/process.ts';
import type { Application, Values } from './applications.ts';
import { readInstructions } from './readme.ts';

export const home = join(root, '.test/fresh');
const lockfiles = join(import.meta.dirname, 'lockfiles');

export interface GenerateOptions {
  /** Uses the newest versions, and writes the lockfiles. Default: the versions of the lockfiles. */
  readonly latest: boolean;
  /** Called with each command, as the README contains it, and its seconds. */
  readonly onCommand: (command: string, seconds: number) => void;
}

/** Runs the commands of a README and writes its files. */
export async function generate(
  application: Application,
  values: Values,
  { latest, onCommand }: GenerateOptions,
): Promise<string> {
  const { name, kind, page, place, prepare } = application;
  const { commands, files } = readInstructions(page);
  const outside = join(home, name);
  const folder = join(outside, kind);
  await rm(outside, { recursive: true, force: true });
  await mkdir(outside, { recursive: true });
  let cwd = outside;
  for (const command of commands) {
    const began = Date.now();
    const change = /^cd (\S+)$/.exec(command)?.[1];
    if (change !== undefined) cwd = join(cwd, change);
    else await execute(toPinned(command, application, latest), cwd);
    if (command.startsWith('npx ')) await installPinned(application, folder, latest);
    onCommand(command, Math.round((Date.now() - began) / 1000));
  }
  for (const { path, code } of applyValues(application, values, files)) {
    const file = join(folder, place?.(path) ?? path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, code);
  }
  await prepare?.(folder);
  return folder;
}

/** Replaces the versions and packages of a command with the pinned and the packed ones. */
function toPinned(command: string, { generator, major }: Application, latest: boolean): string {
  if (command.startsWith('npx ')) {
    const version = latest ? (major ?? 'latest') : generator.version;
    const pinned = command.replace(`${generator.name}@latest`, `${generator.name}@${version}`);
    if (!pinned.includes(`${generator.name}@`))
      throw new Error(`${command}: expected ${generator.name}@latest.`);
    // The dependencies are installed afterwards, by the lockfile.
    const options = generator.options === undefined ? '' : ` ${generator.options}`;
    return `${pinned.replace('npx ', 'npx --yes ')}${options} --skip-install`;
  }
  return listPublishedPackages().reduce(
    (text, pkg) => text.replace(new RegExp(`${pkg.name}(?= |$)`), tarball(pkg)),
    command,
  );
}

async function installPinned(
  { name, lockfile: shared = name }: Application,
  folder: string,
  latest: boolean,
): Promise<void> {
  const lockfile = join(lockfiles, `${shared}.json`);
  if (!latest && existsSync(lockfile)) await copyFile(lockfile, join(folder, 'package-lock.json'));
  await execute('npm install', folder);
  if (shared === name && (latest || !existsSync(lockfile)))
    await copyFile(join(folder, 'package-lock.json'), lockfile);
}

/** Runs a command without questions, and throws its last lines if it fails. */
export async function execute(command: string, cwd: string): Promise<void> {
  const [program = '', ...args] = command.split(' ');
  const { code, output } = await run({ command: program, args, cwd, env: quiet });
  if (code !== 0)
    throw new Error(`"${command}" exited with code ${code}.\n${output.split('\n').slice(-30).join('\n')}`);
}

/** The environment of all commands: no questions, and no requests that are not needed. */
export const quiet = {
  CI: '1',
  NO_UPDATE_NOTIFIER: '1',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_prefer_offline: 'true',
  // The generated layout of Next.js downloads fonts.
  NEXT_FONT_GOOGLE_MOCKED_RESPONSES: join(import.meta.dirname, 'google-fonts.cjs'),
} as const;

function applyValues(
  { name, page, replacements }: Application,
  values: Values,
  files: readonly { readonly path: string; readonly code: string }[],
): readonly { readonly path: string; readonly code: string }[] {
  return replacements(values).reduce((current, [from, to]) => {
    if (!current.some(({ code }) => code.includes(from)))
      throw new Error(`${page} does not contain "${from}", which the test of ${name} replaces.`);
    return current.map(({ path, code }) => ({ path, code: code.replaceAll(from, to) }));
  }, files);
}

/** The versions of the lockfile, for the transcript. */
export function readVersions(folder: string): Readonly<Record<string, string>> {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  return Object.fromEntries(
    ['next', '@angular/core', '@nestjs/core', 'typescript'].flatMap((name) => {
      const version = lock.packages[`node_modules/${name}`]?.version;
      return version === undefined ? [] : [[name, version]];
    }),
  );
}
