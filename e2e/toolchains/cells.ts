import type { Tool } from './matrix.ts';

/** The problem of each cell, or `undefined` if the cell passes. A cell without an entry fails. */
export type CellResults = Readonly<Record<string, string | undefined>>;

/** Prints one line for each cell, and counts them. */
export function showResults(
  { name, version, cells }: Tool,
  results: CellResults,
): { readonly passed: number; readonly failed: number } {
  let failed = 0;
  for (const cell of cells) {
    const problem = cell in results ? results[cell] : 'has no result';
    if (problem === undefined) {
      console.log(`  ✓ ${name} ${version}: ${cell}`);
      continue;
    }
    failed += 1;
    console.log(`  ✗ ${name} ${version}: ${cell}\n${problem.slice(-2000).replace(/^/gm, '      ')}`);
  }
  return { passed: cells.length - failed, failed };
}
