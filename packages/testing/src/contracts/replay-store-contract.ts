import assert from 'node:assert/strict';
import type { ReplayStore } from '@countersign/core/session';
import { type ContractCase, eventually, freshKey, type Open } from './contract.ts';

/** What every `ReplayStore` must guarantee. */
export function replayStoreContract(open: Open<ReplayStore>): ContractCase[] {
  return [
    {
      name: 'replay: of many who claim a key at once, one is the first',
      async run() {
        const handles = await Promise.all([open(), open()]);
        const key = freshKey();
        const claims = await Promise.all(
          Array.from({ length: 20 }, (_, i) => (handles[i % 2] as ReplayStore).claim(key, 60_000)),
        );
        assert.equal(claims.filter(Boolean).length, 1);
        assert.equal(await handles[0]?.claim(key, 60_000), false);
        assert.equal(await handles[0]?.claim(freshKey(), 60_000), true);
      },
    },
    {
      name: 'replay: a key that was released is new again, where the store can release',
      async run() {
        const [store, other] = await Promise.all([open(), open()]);
        const key = freshKey();
        if (!store.release) return;
        await store.claim(key, 60_000);
        await store.release(key);
        assert.equal(await other.claim(key, 60_000), true);
        assert.equal(await store.claim(key, 60_000), false);
      },
    },
    {
      name: 'replay: a claim does not lengthen the life of the first',
      async run() {
        const store = await open();
        const key = freshKey();
        assert.equal(await store.claim(key, 200), true);
        await store.claim(key, 60_000);
        await eventually(() => store.claim(key, 60_000), 'the key is forgotten');
      },
    },
  ];
}
