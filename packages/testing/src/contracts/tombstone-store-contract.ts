import assert from 'node:assert/strict';
import type { TombstoneStore } from '@countersign/core/session';
import { type ContractCase, createFreshKey, eventually, type OpenStore } from './contract.ts';

/**
 * Creates the tests that each implementation of `TombstoneStore` must pass, for any test runner.
 *
 * @param open opens the store under test: each call returns another handle of it, as another process would open it
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCActions
 * @example
 * ```ts
 * import type { TombstoneStore } from '@countersign/core/session';
 * import { tombstoneStoreContract } from '@countersign/testing/contracts';
 *
 * async function check(open: () => TombstoneStore): Promise<void> {
 *   for (const { run } of tombstoneStoreContract(open)) await run();
 * }
 * ```
 */
export function tombstoneStoreContract(open: OpenStore<TombstoneStore>): ContractCase[] {
  return [
    {
      name: 'tombstones: returns the latest time of several keys to all processes',
      async run() {
        const [store, other] = [await open(), await open()];
        const keys = [createFreshKey(), createFreshKey(), createFreshKey()];
        assert.equal(await other.latest(keys), undefined);
        await store.set(keys[1] as string, 1_000, 60_000);
        assert.equal(await other.latest(keys), 1_000);
        await other.set(keys[2] as string, 2_000, 60_000);
        assert.equal(await store.latest(keys), 2_000);
        assert.equal(await store.latest([keys[0] as string]), undefined);
        assert.equal(await store.latest([]), undefined);
      },
    },
    {
      name: 'tombstones: keeps the later time and the longer time to live of a key',
      async run() {
        const store = await open();
        const key = createFreshKey();
        await store.set(key, 2_000, 60_000);
        await store.set(key, 1_000, 1);
        assert.equal(await store.latest([key]), 2_000);
        await store.set(key, 3_000, 60_000);
        assert.equal(await store.latest([key]), 3_000);
      },
    },
    {
      name: 'tombstones: stores a time exactly',
      async run() {
        const store = await open();
        const key = createFreshKey();
        for (const time of [1_764_212_345.123, 1_764_212_345.124]) {
          await store.set(key, time, 60_000);
          assert.equal(await store.latest([key]), time);
        }
      },
    },
    {
      name: 'tombstones: returns the time of a key that another key covers, if both are requested',
      async run() {
        const store = await open();
        const [key, user] = [createFreshKey(), createFreshKey()];
        await store.set(key, 1_000, 60_000, { coveredBy: user });
        await store.set(key, 2_000, 60_000, { coveredBy: user });
        assert.equal(await store.latest([user, key]), 2_000);
        assert.equal(await store.latest([createFreshKey()]), undefined);
      },
    },
    {
      name: 'tombstones: returns nothing after the time to live',
      async run() {
        const store = await open();
        const key = createFreshKey();
        await store.set(key, 1_000, 100);
        await eventually(async () => (await store.latest([key])) === undefined, 'the tombstone expires');
      },
    },
  ];
}
