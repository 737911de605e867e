import assert from 'node:assert/strict';
import type { SuccessorStore } from '@countersign/core';
import { type ContractCase, createFreshKey, eventually, type OpenStore } from './contract.ts';

/**
 * Creates the tests that each implementation of `SuccessorStore` must pass, for any test runner.
 *
 * @param open opens the store under test: each call returns another handle of it, as another process would open it
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
 * @example
 * ```ts
 * import type { SuccessorStore } from '@countersign/core';
 * import { successorStoreContract } from '@countersign/testing/contracts';
 *
 * async function check(open: () => SuccessorStore): Promise<void> {
 *   for (const { run } of successorStoreContract(open)) await run();
 * }
 * ```
 */
export function successorStoreContract(open: OpenStore<SuccessorStore>): ContractCase[] {
  return [
    {
      name: 'successors: returns a value to all processes',
      async run() {
        const [store, other] = [await open(), await open()];
        const key = createFreshKey();
        const value = `${'x'.repeat(9_000)} \u00e9 \u{1f600}`;
        assert.equal(await other.get(key), undefined);
        await store.set(key, value, 60_000);
        assert.equal(await other.get(key), value);
      },
    },
    {
      name: 'successors: replaces a value and its time to live',
      async run() {
        const store = await open();
        const key = createFreshKey();
        await store.set(key, 'one', 50);
        await store.set(key, 'two', 60_000);
        await eventually(async () => (await store.get(key)) !== 'one', 'the first value is replaced');
        assert.equal(await store.get(key), 'two');
      },
    },
    {
      name: 'successors: returns nothing after the time to live',
      async run() {
        const store = await open();
        const key = createFreshKey();
        await store.set(key, 'value', 100);
        await eventually(async () => (await store.get(key)) === undefined, 'the value expires');
      },
    },
  ];
}
