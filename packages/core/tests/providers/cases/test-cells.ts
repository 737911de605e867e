import { describe, test } from 'vitest';
import { type CapabilityName, capabilities } from '../capabilities.ts';
import { isTested } from '../provider-row.ts';
import { rows } from '../rows/index.ts';
import type { CapabilityTest, TestedCell } from './capability-case.ts';

/** Defines the tests of a column. scripts/providers.ts reads the names of suite and test. */
export function testCells<Name extends CapabilityName>(name: Name, run: CapabilityTest<Name>): void {
  const sentence = capabilities.find((capability) => capability.name === name)?.sentence ?? '';
  for (const row of rows) {
    const cell = row.cells[name];
    if (isTested(cell)) describe(row.title, () => test(sentence, () => run(row, cell as TestedCell<Name>)));
  }
}
