import assert from 'node:assert/strict';
import type { RefreshLock } from '@countersign/core';
import { type ContractCase, createFreshKey, type OpenStore, sleep } from './contract.ts';

const long = { timeToLive: 60_000, wait: 20_000 };

/**
 * Creates the tests that each implementation of `RefreshLock` must pass, for any test runner.
 *
 * @param open opens the store under test: each call returns another handle of it, as another process would open it
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @example
 * ```ts
 * import type { RefreshLock } from '@countersign/core';
 * import { refreshLockContract } from '@countersign/testing/contracts';
 *
 * async function check(open: () => RefreshLock): Promise<void> {
 *   for (const { run } of refreshLockContract(open)) await run();
 * }
 * ```
 */
export function refreshLockContract(open: OpenStore<RefreshLock>): ContractCase[] {
  return [
    {
      name: 'lock: has one owner at a time, and each waiting caller acquires it',
      async run() {
        const handles = await Promise.all([open(), open(), open()]);
        const key = createFreshKey();
        let inside = 0;
        let acquiredCount = 0;
        await Promise.all(
          Array.from({ length: 12 }, async (_, i) => {
            const lock = handles[i % 3] as RefreshLock;
            assert.equal(await lock.acquire(key, { owner: `owner ${i}`, ...long }), true);
            inside++;
            assert.equal(inside, 1);
            await sleep(2);
            inside--;
            acquiredCount++;
            await lock.release(key, `owner ${i}`);
          }),
        );
        assert.equal(acquiredCount, 12);
      },
    },
    {
      name: 'lock: does not block other keys',
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
      name: 'lock: returns false after the maximum wait',
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
      name: 'lock: is released only by its owner',
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
      name: 'lock: expires after its time to live, and the expired owner cannot release the lock of the next owner',
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
      name: 'lock: is renewed only by its owner, if renewal is supported',
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
