import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellResults } from './cells.ts';
import { execute } from './install.ts';
import { type Tool, toAlias } from './matrix.ts';

/** Bundles a program for browsers and one for Node, and runs both with Node. */
export async function checkBundler(folder: string, { name, version }: Tool): Promise<CellResults> {
  const bundles = join(folder, 'bundles');
  const check = async (platform: 'browser' | 'node'): Promise<string | undefined> => {
    const file = join(bundles, `${toAlias(name, version)}.${platform}.mjs`);
    const node = (...args: readonly string[]) =>
      execute({ command: process.execPath, args, cwd: bundles, env: { NODE_ENV: 'production' } });
    try {
      await node('bundle.mjs', toAlias(name, version), platform, file);
      const output = await node(file);
      if (output.trim() !== 'alice') return `The program printed "${output.trim()}", expected "alice".`;
      return findWrongPlatform(await readFile(file, 'utf8'), platform);
    } catch (error) {
      return (error as Error).message;
    }
  };
  return { 'for browsers': await check('browser'), 'for Node': await check('node') };
}

/** The platform files of core: those for Node import its cryptography. */
function findWrongPlatform(code: string, platform: 'browser' | 'node'): string | undefined {
  const imports = /(?:\bfrom\s*|\bimport\s*\(?\s*|require\(\s*)["'](?:node:)?crypto["']/.test(code);
  if (platform === 'browser' && imports) return 'The bundle for browsers imports "node:crypto".';
  if (platform === 'node' && !imports)
    return 'The bundle for Node contains the platform file of browsers: it does not import "node:crypto".';
  return undefined;
}
