import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const nextWeb = join(import.meta.dirname, '../../../../apps/next-web');
const sources = join(import.meta.dirname, '../../../compatibility/next-sessions');

/** A copy of `compatibility/next-sessions`. */
export interface NextSessionsCopy {
  readonly folder: string;
  /** The command of its version of Next. */
  readonly next: string;
  /** The environment variables of its build and of its servers. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The builds of this process, by base path. */
const builds = new Map<string, Promise<NextSessionsCopy>>();

/** Builds the application of these tests once for each base path, with the Next of the demo. */
export function buildNextSessions(basePath = ''): Promise<NextSessionsCopy> {
  const runningBuild = builds.get(basePath);
  if (runningBuild) return runningBuild;
  const building = build(basePath);
  builds.set(basePath, building);
  return building;
}

async function build(basePath: string): Promise<NextSessionsCopy> {
  // A folder below next-web, where Node finds the dependencies.
  const folder = join(nextWeb, `.test/next-sessions${basePath.replaceAll('/', '-')}`);
  const next = createRequire(join(nextWeb, 'package.json')).resolve('next/dist/bin/next');
  const copy = { folder, next, environment: { BASE_PATH: basePath } };
  // Playwright starts another process after each failed test. It uses the same build.
  const inputs = hashInputs(next);
  const record = join(folder, '.next/inputs');
  if (existsSync(record) && readFileSync(record, 'utf8') === inputs) return copy;
  rmSync(folder, { recursive: true, force: true });
  cpSync(sources, folder, { recursive: true });
  await runBuild(copy);
  writeFileSync(record, inputs);
  return copy;
}

/**
 * Copies the application into a folder with another version of Next.
 *
 * @param home the folder that contains `node_modules`
 */
export function copyNextSessions(home: string): NextSessionsCopy {
  const folder = join(home, 'next-sessions');
  rmSync(folder, { recursive: true, force: true });
  cpSync(sources, folder, { recursive: true });
  const manifest = readFileSync(join(home, 'node_modules/next/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { readonly version: string };
  // Next 15 has a middleware, and no proxy.
  if (version.startsWith('15.')) cpSync(`${sources}-15`, folder, { recursive: true });
  const next = join(home, 'node_modules/next/dist/bin/next');
  return { folder, next, environment: { APP_ROOT: home } };
}

export async function runBuild({ folder, next, environment }: NextSessionsCopy): Promise<void> {
  const compiler = spawn(process.execPath, [next, 'build'], {
    cwd: folder,
    env: { ...process.env, ...environment, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  });
  let output = '';
  for (const stream of [compiler.stdout, compiler.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(compiler, 'exit');
  if (code !== 0) throw new Error(`next build failed:\n${output}`);
}

/** Hashes the sources of the application, and the built packages. */
function hashInputs(next: string): string {
  const hash = createHash('sha256').update(next);
  const packages = ['core', 'next'].map((name) => join(nextWeb, 'node_modules/@countersign', name, 'dist'));
  for (const root of [sources, ...packages])
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile()) hash.update(file).update(readFileSync(file));
    }
  return hash.digest('base64url');
}
