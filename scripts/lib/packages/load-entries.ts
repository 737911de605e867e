import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../processes/process.ts';

/**
 * Loads each entry by `import` and by `require` in a separate process.
 *
 * @param names the entries, for example `@countersign/core/browser`
 * @param folder a folder in which the packages are installed
 * @param node the program that loads them. Default: the one that runs this process
 * @returns a description of each load that failed
 */
export async function loadEntries(
  names: readonly string[],
  folder: string,
  node = process.execPath,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const name of names) {
    for (const [extension, code] of Object.entries(createLoaders(name))) {
      const file = join(folder, `load.${extension}`);
      await writeFile(file, code);
      const { code: exit, output } = await run({ command: node, args: [file], cwd: folder });
      if (exit !== 0) problems.push(`${name} by ${extension === 'mjs' ? 'import' : 'require'}:\n${output}`);
    }
  }
  return problems;
}

// Angular's partially compiled libraries need the compiler where no build has linked them.
const createLoaders = (name: string) => {
  const first = name.startsWith('@countersign/angular') ? '@angular/compiler' : undefined;
  const check = `if (Object.keys(entry).length === 0) throw new Error('exports nothing');`;
  return {
    mjs: `${first ? `await import('${first}');` : ''} const entry = await import('${name}'); ${check}\n`,
    cjs: `${first ? `require('${first}');` : ''} const entry = require('${name}'); ${check}\n`,
  };
};
