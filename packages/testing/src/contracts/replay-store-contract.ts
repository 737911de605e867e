import assert from 'node:assert/strict';
import type { ReplayStore } from '@countersign/core/session';
import { type ContractCase, createFreshKey, eventually, type OpenStore } from './contract.ts';

/**
 * Creates the tests that each implementation of `ReplayStore` must pass, for any test runner.
 *
 * @param open opens the store under test: each call returns another handle of it, as another process would open it
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 * @example
 * ```ts
 * import type { ReplayStore } from '@countersign/core/session';
 * import { replayStoreContract } from '@countersign/testing/contracts';
 *
 * async function check(open: () => ReplayStore): Promise<void> {
 *   for (const { run } of replayStoreContract(open)) await run();
 * }
 * ```
 */
export function replayStoreContract(open: OpenStore<ReplayStore>): ContractCase[] {
  return [
    {
      name: 'replay: accepts one of many concurrent claims of a key',
      async run() {
        const handles = await Promise.all([open(), open()]);
        const key = createFreshKey();
        const claims = await Promise.all(
          Array.from({ length: 20 }, (_, i) => (handles[i % 2] as ReplayStore).claim(key, 60_000)),
        );
        assert.equal(claims.filter(Boolean).length, 1);
        assert.equal(await handles[0]?.claim(key, 60_000), false);
        assert.equal(await handles[0]?.claim(createFreshKey(), 60_000), true);
      },
    },
    {
      name: 'replay: accepts one claim of a released key',
      async run() {
        const [store, other] = [await open(), await open()];
        // This method is optional.
        if (!store.release) return;
        const [key, neighbour] = [`login ${createFreshKey()}`, `login ${createFreshKey()}`];
        assert.equal(await store.claim(key, 60_000), true);
        assert.equal(await store.claim(neighbour, 60_000), true);
        await store.release(key);
        assert.equal(await other.claim(key, 60_000), true);
        assert.equal(await store.claim(key, 60_000), false);
        assert.equal(await other.claim(neighbour, 60_000), false);
        await store.release(createFreshKey());
      },
    },
    {
      name: 'replay: reports whether a key is claimed, to all processes and without a claim',
      async run() {
        const [store, other] = [await open(), await open()];
        const [key, brief] = [`logout ${createFreshKey()}`, `logout ${createFreshKey()}`];
        for (const handle of [store, other]) assert.equal(await handle.has(key), false);
        assert.equal(await store.claim(key, 60_000), true);
        for (const handle of [store, other]) assert.equal(await handle.has(key), true);
        assert.equal(await store.claim(brief, 100), true);
        await eventually(async () => !(await other.has(brief)), 'the claim expires');
      },
    },
    {
      name: 'replay: separates keys by purpose',
      async run() {
        const store = await open();
        const text = createFreshKey();
        for (const purpose of ['login', 'logout', 'dpop']) {
          assert.equal(await store.claim(`${purpose} ${text}`, 60_000), true);
        }
      },
    },
    {
      name: 'replay: does not extend the time to live of an accepted claim',
      async run() {
        const store = await open();
        const key = createFreshKey();
        assert.equal(await store.claim(key, 200), true);
        await store.claim(key, 60_000);
        await eventually(() => store.claim(key, 60_000), 'the key expires');
      },
    },
  ];
}
