import * as providers from '../../../packages/core/src/providers/index.ts';
import { otherPresets, rows } from '../../../packages/core/tests/providers/rows/index.ts';
import { renderPresetPage, renderProviderMatrix } from './provider-pages.ts';

const folder = 'docs/providers';

/** The name of each preset. */
export const presetNames: readonly string[] = Object.keys(providers);

/** Returns the path of the page of a preset. */
export const getProviderPage = (name: string): string => `${folder}/${name}.md`;

/**
 * Writes the documents of the providers from the rows of the matrix.
 *
 * @param readPage reads a page of a provider, whose other parts do not change
 */
export function renderProviderDocuments(
  readPage: (path: string) => string,
): readonly { readonly path: string; readonly text: string }[] {
  const pages = [...rows.map(({ example }) => example), ...otherPresets.map(({ example }) => example)];
  return [
    { path: `${folder}/README.md`, text: renderProviderMatrix(rows, otherPresets) },
    ...pages.map((preset) => {
      const path = getProviderPage(preset.name);
      return { path, text: renderPresetPage(readPage(path), preset) };
    }),
  ];
}
