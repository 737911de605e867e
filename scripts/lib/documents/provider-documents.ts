import { presetFunctions } from '../../../packages/core/tests/providers/preset-functions.ts';
import { otherPresets, rows } from '../../../packages/core/tests/providers/rows/index.ts';
import { renderPresetPage, renderProviderMatrix } from './provider-pages.ts';

const folder = 'docs/providers';

/** The name of each preset. */
export const presetNames: readonly string[] = Object.keys(presetFunctions);

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
  // The page of a preset with several rows has the values of the first one.
  const presets = new Map(
    [...otherPresets, ...rows.toReversed()].map(({ example }) => [example.name, example]),
  );
  return [
    { path: `${folder}/README.md`, text: renderProviderMatrix(rows, otherPresets) },
    ...[...presets.values()].map((preset) => {
      const path = getProviderPage(preset.name);
      return { path, text: renderPresetPage(readPage(path), preset) };
    }),
  ];
}
