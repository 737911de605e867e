import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listPublishedPackages } from '../../scripts/lib/packages/packages.ts';
import { tarball } from '../../scripts/lib/packages/tarball.ts';
import { type Command, run } from '../../scripts/lib/processes/process.ts';
import { shared, type Tool } from './matrix.ts';

/** Installs the packed packages, their peers and the tools in one folder. */
export async function installTools(folder: string, tools: readonly Tool[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(join(import.meta.dirname, 'project'), folder, { recursive: true });
  const dependencies = Object.assign(
    {},
    shared,
    ...tools.map(({ packages }) => packages),
    ...listPublishedPackages().map((pkg) => ({ [pkg.name]: `file:${tarball(pkg)}` })),
  ) as Readonly<Record<string, string>>;
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  // Several versions of one tool are installed, which npm rejects because of their optional peers.
  await writeFile(join(folder, 'pnpm-workspace.yaml'), 'packages: [.]\nstrictPeerDependencies: false\n');
  await execute({
    command: 'pnpm',
    args: ['install', '--ignore-scripts', '--prefer-offline', '--no-frozen-lockfile'],
    cwd: folder,
  });
}

/** Runs a command. @throws Error with the end of its output if it fails */
export async function execute(command: Command): Promise<string> {
  const { code, output, stdout } = await run(command);
  if (code !== 0)
    throw new Error(`${command.command} ${command.args?.join(' ')}: exit code ${code}.\n${output}`);
  return stdout;
}
