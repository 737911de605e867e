import { mkdir } from 'node:fs/promises';
import { execute } from './execute.ts';
import { getProgram } from './toolchains.ts';

/** Downloads a ZIP file with Maven, which compares its checksum, and unpacks it into the folder. */
export async function downloadZip(artifact: string, version: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const options = ['--quiet', '--batch-mode', '--strict-checksums'];
  const target = [`-Dartifact=${artifact}:${version}:zip`, `-DoutputDirectory=${folder}`];
  await execute(getProgram('maven'), [...options, 'dependency:unpack', ...target], folder);
}
