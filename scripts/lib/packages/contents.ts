import { builtinModules } from 'node:module';

const builtins = builtinModules
  .filter((name) => !name.startsWith('_') && !name.startsWith('node:'))
  .join('|');

/** An import of a module of Node without the prefix `node:`. */
const unprefixedImport = new RegExp(
  `\\b(?:from|import|import\\(|require\\()\\s*(["'])(${builtins})(?:/[\\w/]+)?\\1`,
  'g',
);

/**
 * Finds forbidden and missing files and imports of a packed package.
 *
 * @param files the paths in the tarball
 * @param code the texts of its code files and its manifest
 */
export function findContentProblems(files: readonly string[], code: string): readonly string[] {
  const required = ['package/README.md', 'package/LICENSE'];
  const isRepeated = (file: string) =>
    required.some((each) => file !== each && file.endsWith(each.slice('package'.length)));
  // The code is not minified, so a map would only repeat it. Angular's compiler reads the maps of its libraries.
  const isMap = (file: string) => file.endsWith('.map') && !file.endsWith('.mjs.map');
  return [
    ...required.filter((file) => !files.includes(file)).map((file) => `does not contain ${file}`),
    ...files.filter((file) => /\.(test|spec)[.-]/.test(file)).map((file) => `contains the test ${file}`),
    ...files.filter(isRepeated).map((file) => `contains ${file}, which repeats the file of the package`),
    ...files.filter(isMap).map((file) => `contains the map ${file}`),
    ...(code.includes('@countersign/source') ? ['exports sources, which are not in the package'] : []),
    ...code.matchAll(unprefixedImport).map(([, , name]) => `imports "${name}" without the prefix "node:"`),
  ];
}
