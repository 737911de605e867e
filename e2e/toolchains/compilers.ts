import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listEntries, listPublishedPackages } from '../../scripts/lib/packages/packages.ts';
import { run } from '../../scripts/lib/processes/process.ts';
import type { CellResults } from './cells.ts';
import { type Tool, toAlias } from './matrix.ts';

/** Entries of browsers and of frameworks whose types need the DOM. */
const needsDom = /^@countersign\/(?:angular|next|core\/browser|core\/worker)(?:\/|$)/;

const entries = listPublishedPackages().flatMap((pkg) =>
  listEntries(pkg).map((subpath) => pkg.name + subpath.slice(1)),
);

/** Compiles a file that imports the entries, and calls that must compile and must not compile. */
export async function checkCompiler(folder: string, { name, version }: Tool): Promise<CellResults> {
  const compile = async (imported: readonly string[], lib: string): Promise<string | undefined> => {
    const file = join(folder, `${version}-${lib.includes('dom') ? 'dom' : 'no-dom'}.mts`);
    await writeFile(file, createSource(imported));
    const { code, output } = await run({
      command: process.execPath,
      args: [join(folder, 'node_modules', toAlias(name, version), 'bin/tsc'), ...options, '--lib', lib, file],
      cwd: folder,
    });
    if (code === 0) return undefined;
    // The types of other packages can need a newer compiler.
    const fileLines = output.split('\n').filter((line) => isOwn(line, file));
    const isComplete = output.split('\n').some((line) => /: error TS\d+:/.test(line));
    if (!isComplete) return output;
    return fileLines.length === 0 ? undefined : fileLines.join('\n');
  };
  return {
    'with lib dom': await compile(entries, 'es2023,dom,dom.iterable'),
    'without lib dom': await compile(
      entries.filter((entry) => !needsDom.test(entry)),
      'es2023',
    ),
  };
}

const options = [
  '--noEmit',
  '--strict',
  '--exactOptionalPropertyTypes',
  '--skipLibCheck',
  'false',
  '--target',
  'es2022',
  '--module',
  'nodenext',
  '--moduleResolution',
  'nodenext',
  '--jsx',
  'preserve',
  '--experimentalDecorators',
  '--types',
  'node',
];

const isOwn = (line: string, file: string): boolean =>
  line.includes('/@countersign/') || line.startsWith(file.slice(file.lastIndexOf('/') + 1));

const createSource = (imported: readonly string[]): string => `
${imported.map((entry, index) => `import * as entry${index} from '${entry}';`).join('\n')}
export { ${imported.map((_, index) => `entry${index}`).join(', ')} };

import { createClient } from '@countersign/core';
declare const issuer: string;
declare const scope: string | undefined;
const options = { issuer, clientId: 'app', redirectUri: 'https://app.example/callback' };
export const client = createClient({ ...options, scope });
// A type that the compiler cannot resolve accepts every value.
// @ts-expect-error
createClient({ ...options, dpop: { keyPair: 42 } });
`;
