import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../processes/ports.ts';
import { root, run, startService } from '../processes/process.ts';
import { waitFor } from '../processes/wait-for.ts';

export interface RegistryOptions {
  /** The folder of the program and its packages. Several registries can share it. */
  readonly folder: string;
  /** A package whose publish the registry rejects. Default: none. */
  readonly rejects?: string;
}

export interface Registry {
  readonly url: string;
  /** The environment of commands that use this registry. */
  readonly env: Readonly<Record<string, string>>;
}

/** Installs the registry program by the lockfile of `e2e/rehearsal`. */
export async function installRegistry(folder: string): Promise<void> {
  await cp(join(root, 'e2e/rehearsal'), folder, { recursive: true });
  const { code, output } = await run({
    command: 'pnpm',
    args: ['install', '--frozen-lockfile', '--ignore-scripts', '--prefer-offline'],
    cwd: folder,
  });
  if (code !== 0) throw new Error(`The registry program was not installed.\n${output}`);
}

/** Starts a registry on loopback. It forwards requests for other packages to the registry of this machine. */
export async function startRegistry({ folder, rejects }: RegistryOptions): Promise<Registry> {
  const upstream = await run({ command: 'pnpm', args: ['config', 'get', 'registry'], cwd: folder });
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}/`;
  const ownPackages = { access: '$all', publish: '$all' };
  const configuration = {
    storage: join(folder, 'storage'),
    uplinks: { upstream: { url: upstream.stdout.trim() } },
    packages: {
      ...(rejects !== undefined && { [rejects]: { access: '$all', publish: 'nobody' } }),
      '@countersign/*': ownPackages,
      '**': { access: '$all', proxy: 'upstream' },
    },
    log: { type: 'stdout', format: 'pretty', level: 'warn' },
  };
  await mkdir(folder, { recursive: true });
  const file = join(folder, `registry-${port}.json`);
  await writeFile(file, JSON.stringify(configuration));
  const credentials = join(folder, `npmrc-${port}`);
  await writeFile(credentials, `registry=${url}\n//127.0.0.1:${port}/:_authToken=rehearsal\n`);
  const service = startService('The registry', {
    command: process.execPath,
    args: [
      join(folder, 'node_modules/verdaccio/bin/verdaccio'),
      '--config',
      file,
      '--listen',
      `127.0.0.1:${port}`,
    ],
    cwd: folder,
  });
  const problem = await waitFor(service, `${url}-/ping`);
  if (problem !== undefined) throw new Error(`${problem}\n${service.tail()}`);
  // npm and pnpm read different variables, and an outer npm has set the file of the user already.
  const env = {
    npm_config_registry: url,
    pnpm_config_registry: url,
    npm_config_userconfig: credentials,
    NPM_CONFIG_USERCONFIG: credentials,
  };
  const used = await run({ command: 'pnpm', args: ['config', 'get', 'registry'], cwd: folder, env });
  if (used.stdout.trim() !== url)
    throw new Error(`pnpm would publish to ${used.stdout.trim()}; expected ${url}.`);
  return { url, env };
}
