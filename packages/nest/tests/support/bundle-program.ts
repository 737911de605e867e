import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { redirectToBuild } from '../../../../scripts/lib/suites/built-suites.ts';

/** True in the step that tests the built packages. */
const isBuilt = process.env.COUNTERSIGN_PACKAGES === 'built';

const redirectImports: Plugin = {
  name: redirectToBuild.name,
  setup({ onLoad }) {
    onLoad({ filter: /\/tests\/support\/.*\.ts$/ }, async ({ path }) => {
      const code = await readFile(path, 'utf8');
      return { contents: redirectToBuild.transform(code, path) ?? code, loader: 'ts' };
    });
  },
};

/**
 * Bundles a program of the tests for Node, with the packages that the suite tests: their sources, or `dist/` in the step
 * that tests the built packages.
 *
 * @throws if the bundle contains files of the others
 */
export async function bundleProgram({ plugins = [], ...options }: BuildOptions): Promise<void> {
  const { metafile } = await build({
    bundle: true,
    platform: 'node',
    format: 'esm',
    ...options,
    conditions: isBuilt ? [] : ['@countersign/source'],
    plugins: [...(isBuilt ? [redirectImports] : []), ...plugins],
    metafile: true,
  });
  const expected = isBuilt ? 'dist' : 'src';
  const inputs = Object.keys(metafile.inputs).flatMap((input) => {
    const path = resolve(options.absWorkingDir ?? process.cwd(), input);
    const folder = /\/packages\/\w+\/(dist|src)\//.exec(path)?.[1];
    return folder ? [{ path, folder }] : [];
  });
  const other = inputs.find(({ folder }) => folder !== expected);
  if (other || inputs.length === 0)
    throw new Error(`The bundle contains ${other?.path ?? 'no file of the packages'}, expected ${expected}/`);
}
