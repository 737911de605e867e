import type { CapabilityName } from '../capabilities.ts';
import type { CellOptions, ProviderCells, ProviderRow } from '../provider-row.ts';

/** A cell that has a test. */
export type TestedCell<Name extends CapabilityName> = Extract<ProviderCells[Name], CellOptions>;

/** The test of one cell. */
export type CapabilityTest<Name extends CapabilityName> = (
  row: ProviderRow,
  cell: TestedCell<Name>,
) => Promise<void>;
