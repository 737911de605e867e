import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../../../scripts/lib/processes/process.ts';
import { execute } from './execute.ts';
import { getProgram } from './toolchains.ts';

export interface PythonPackages {
  /** Name of the virtual environment, with the versions. */
  readonly name: string;
  readonly requirements: readonly string[];
}

/** Installs packages into a virtual environment, once. Returns the path of its Python. */
export async function providePythonPackages({ name, requirements }: PythonPackages): Promise<string> {
  const folder = join(root, '.test/interop', name);
  const python = join(folder, 'bin/python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await execute(getProgram('python'), ['-m', 'venv', folder], root);
  const options = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  await execute(python, ['-m', 'pip', 'install', ...options, ...requirements], root);
  await writeFile(complete, '');
  return python;
}
