import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellResults } from './cells.ts';
import { execute } from './install.ts';
import { shared, type Tool, toAlias } from './matrix.ts';
import { type PackageRegistry, versions } from './registry.ts';

interface Manager {
  /** The program, relative to its package. Node runs it if it is JavaScript. */
  readonly program: string;
  /** Whether the manager installs a missing peer itself. */
  readonly installsPeers: boolean;
  /** Its configuration of the registry, by file. */
  readonly files: (registry: string) => Readonly<Record<string, string>>;
  /** The arguments that run a file in a project. Default: Node runs it. */
  readonly execute?: readonly string[];
}

const npmrc = (registry: string) => ({
  '.npmrc': `@countersign:registry=${registry}/\naudit=false\nfund=false\n`,
});

const managers: Readonly<Record<string, Manager>> = {
  npm: { program: 'bin/npm-cli.js', installsPeers: true, files: npmrc },
  pnpm: {
    program: 'bin/pnpm.mjs',
    installsPeers: true,
    files: (registry) => ({ ...npmrc(registry), 'pnpm-workspace.yaml': 'packages: [.]\n' }),
  },
  Yarn: {
    program: 'bin/yarn.js',
    installsPeers: false,
    files: (registry) => ({
      'yarn.lock': '',
      '.yarnrc.yml': `npmScopes:\n  countersign:\n    npmRegistryServer: "${registry}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nenableTelemetry: false\nnpmMinimalAgeGate: 0\n`,
    }),
    // Plug'n'Play, the default of Yarn, has no node_modules.
    execute: ['node'],
  },
  Bun: { program: 'bin/bun', installsPeers: true, files: npmrc },
};

const peers = (...names: readonly string[]) => names.map((name) => `${name}@${shared[name]}`);
const nestPeers = peers('@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs');
const others = ['@countersign/redis', '@countersign/testing'].map((name) => `${name}@${versions.first}`);

/** Creates the check of a package manager: after each order of installations, there is one copy of core. */
export function createPackageManagerCheck(folder: string, { url }: PackageRegistry) {
  return async ({ name, version }: Tool): Promise<CellResults> => {
    const manager = managers[name];
    if (manager === undefined) throw new Error(`${name} has no commands.`);
    const alias = toAlias(name, version);
    const program = join(folder, 'node_modules', alias, manager.program);
    const [command, first] = /js$/.test(program) ? [process.execPath, [program]] : [program, []];

    /** Installs the packages of each step after those of the step before, and runs the check. */
    const install = async (
      cell: string,
      steps: readonly (readonly string[])[],
    ): Promise<string | undefined> => {
      const project = join(folder, `project-${alias}`, cell.replaceAll(' ', '-'));
      await mkdir(project, { recursive: true });
      await cp(join(folder, 'managers'), project, { recursive: true });
      for (const [file, text] of Object.entries(manager.files(url)))
        await writeFile(join(project, file), text);
      try {
        for (const packages of steps)
          await execute({
            command,
            args: [...first, name === 'npm' ? 'install' : 'add', ...packages],
            cwd: project,
          });
        if (manager.execute === undefined)
          await execute({ command: process.execPath, args: ['one-core.mjs'], cwd: project });
        else await execute({ command, args: [...first, ...manager.execute, 'one-core.mjs'], cwd: project });
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };

    const nest = `@countersign/nest@${versions.first}`;
    const core = (of: string) => `@countersign/core@${of}`;
    return {
      'core first': await install('core first', [
        [core(versions.first)],
        [nest, core(versions.first), ...nestPeers, ...others, ...peers('redis')],
      ]),
      'an adapter first': await install('an adapter first', [
        [nest, ...nestPeers, ...(manager.installsPeers ? [] : [core(versions.first)])],
        [core(versions.first), ...others, ...peers('redis')],
      ]),
      'a newer core later': await install('a newer core later', [
        [nest, core(versions.first), ...nestPeers],
        [core(versions.newer), ...peers('undici')],
        [...others, ...peers('redis')],
      ]),
    };
  };
}
