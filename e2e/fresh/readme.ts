import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBlocks, readFiles } from '../../scripts/lib/examples/markdown.ts';
import { root } from '../../scripts/lib/processes/process.ts';

export interface Instructions {
  readonly commands: readonly string[];
  readonly files: readonly { readonly path: string; readonly code: string }[];
}

/** Reads what a reader of the section "From nothing" types: the commands and the complete files. */
export function readInstructions(page: string): Instructions {
  const text = readFileSync(join(root, page), 'utf8');
  const section = /^## From nothing\n([\s\S]*?)^## /m.exec(text)?.[1];
  if (section === undefined) throw new Error(`${page} has no section "From nothing".`);
  const commands: string[] = [];
  const files: { path: string; code: string }[] = [];
  for (const { name, language, code, notes } of readBlocks(page, section)) {
    const environment = /^# (\.env\S*)\n/.exec(code)?.[1];
    if (environment !== undefined) files.push({ path: environment, code });
    else if (language === 'sh') commands.push(...readCommands(code));
    else
      for (const file of readFiles(code, notes)) {
        if (file.path === undefined)
          throw new Error(`${name}: expected the path of a file in the first line.`);
        files.push({ path: file.path, code: file.code });
      }
  }
  return { commands, files };
}

const readCommands = (code: string) =>
  code
    .split('\n')
    .map((line) => line.replace(/ #.*$/, '').trim())
    .filter((line) => line !== '');
