// @platforms node: the model replaces global objects, so it runs in separate Node processes.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { defects } from './faults/defects.ts';
import { tabDefects } from './tabs/runs/tab-defects.ts';

const run = promisify(execFile);

/** Runs interleavings of a fixed seed. */
async function runModel(count: number, ...defect: readonly string[]) {
  const main = join(import.meta.dirname, 'main.ts');
  const { stdout } = await run(process.execPath, [
    '--conditions=@countersign/source',
    main,
    ...['1', '0', '1', String(count), '0'],
    ...defect,
  ]);
  return JSON.parse(stdout) as { readonly runs: number; readonly failed: number; readonly failures: unknown };
}

describe('the interleaving model', () => {
  test('finds no violation in the code of sessions and of the browser client', async () => {
    expect(await runModel(150)).toMatchObject({ runs: 150, failed: 0, failures: [] });
  }, 120_000);

  test.each(Object.keys(defects))(
    'finds the defect of the stores: %s',
    async (defect) => {
      expect(await runModel(2_000, defect)).toMatchObject({ failed: 1 });
    },
    120_000,
  );

  test.each(tabDefects)(
    'finds the defect of the browser: %s',
    async (defect) => {
      expect(await runModel(2_000, defect)).toMatchObject({ failed: 1 });
    },
    120_000,
  );
});
