import assert from 'node:assert/strict';
import type { RefreshLock } from '@countersign/core';
import { type ContractCase, createFreshKey, type OpenStore, sleep } from './contract.ts';

const long = { timeToLive: 60_000, wait: 20_000 };

/** What every `RefreshLock` must guarantee. */
export function refreshLockContract(open: OpenStore<RefreshLock>): ContractCase[] {
  return [
    {
      name: 'lock: one holder at a time, and everybody gets a turn',
      async run() {
        const handles = await Promise.all([open(), open(), open()]);
        const key = createFreshKey();
        let inside = 0;
        let turns = 0;
        await Promise.all(
          Array.from({ length: 12 }, async (_, i) => {
            const lock = handles[i % 3] as RefreshLock;
            assert.equal(await lock.acquire(key, { owner: `owner ${i}`, ...long }), true);
            inside++;
            assert.equal(inside, 1);
            await sleep(2);
            inside--;
            turns++;
            await lock.release(key, `owner ${i}`);
          }),
        );
        assert.equal(turns, 12);
      },
    },
    {
      name: 'lock: other keys do not wait',
      async run() {
        const lock = await open();
        const [one, two] = [createFreshKey(), createFreshKey()];
        assert.equal(await lock.acquire(one, { owner: 'a', ...long }), true);
        assert.equal(await lock.acquire(two, { owner: 'b', timeToLive: 60_000, wait: 500 }), true);
        await lock.release(one, 'a');
        await lock.release(two, 'b');
      },
    },
    {
      name: 'lock: the wait is bounded',
      async run() {
        const [lock, other] = [await open(), await open()];
        const key = createFreshKey();
        await lock.acquire(key, { owner: 'a', ...long });
        assert.equal(await other.acquire(key, { owner: 'b', timeToLive: 60_000, wait: 100 }), false);
        await lock.release(key, 'a');
        assert.equal(await other.acquire(key, { owner: 'b', ...long }), true);
        await other.release(key, 'b');
      },
    },
    {
      name: 'lock: only the owner releases it',
      async run() {
        const [lock, other] = [await open(), await open()];
        const key = createFreshKey();
        await lock.acquire(key, { owner: 'a', ...long });
        await other.release(key, 'b');
        assert.equal(await other.acquire(key, { owner: 'b', timeToLive: 60_000, wait: 100 }), false);
        await lock.release(key, 'a');
      },
    },
    {
      name: 'lock: a holder that died loses it when its time to live is over, and cannot release its successor',
      async run() {
        const [dead, alive] = [await open(), await open()];
        const key = createFreshKey();
        assert.equal(await dead.acquire(key, { owner: 'dead', timeToLive: 150, wait: 0 }), true);
        assert.equal(await alive.acquire(key, { owner: 'alive', ...long }), true);
        await dead.release(key, 'dead');
        assert.equal(await dead.acquire(key, { owner: 'third', timeToLive: 60_000, wait: 100 }), false);
        await alive.release(key, 'alive');
      },
    },
    {
      name: 'lock: renewal, where there is one, keeps it for its owner alone',
      async run() {
        const [lock, other] = [await open(), await open()];
        if (!lock.renew || !other.renew) return;
        const key = createFreshKey();
        assert.equal(await lock.acquire(key, { owner: 'a', timeToLive: 2_000, wait: 0 }), true);
        assert.equal(await lock.renew(key, { owner: 'a', timeToLive: 60_000 }), true);
        assert.equal(await other.renew(key, { owner: 'b', timeToLive: 1 }), false);
        assert.equal(await other.acquire(key, { owner: 'b', timeToLive: 60_000, wait: 2_500 }), false);
        await lock.release(key, 'a');
        assert.equal(await lock.renew(key, { owner: 'a', timeToLive: 60_000 }), false);
        assert.equal(await other.acquire(key, { owner: 'b', ...long }), true);
        await other.release(key, 'b');
      },
    },
  ];
}
