import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuthEvent } from '../../events.ts';
import { createLockAcquirer } from './acquire-lock.ts';
import { createMemoryLock, type RefreshLock } from './refresh-lock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const createAcquirer = (lock: RefreshLock | undefined, events: AuthEvent[] = []) =>
  createLockAcquirer({ lock, wait: 1_000, timeout: 10_000, emitEvent: (event) => events.push(event) });

describe('a held lock', () => {
  test('is renewed while it is held, and free after its release', async () => {
    const shared = createMemoryLock();
    const held = await createAcquirer(shared)('key');
    await vi.advanceTimersByTimeAsync(120_000);
    const late = shared.acquire('key', { owner: 'other', timeToLive: 1_000, wait: 10 });
    await vi.advanceTimersByTimeAsync(10);
    expect(await late).toBe(false);
    await held?.release();
    expect(await shared.acquire('key', { owner: 'other', timeToLive: 1_000, wait: 0 })).toBe(true);
    expect(vi.getTimerCount()).toBe(1);
  });

  test('is renewed for the slowest refresh at most, or for the time by which it is extended', async () => {
    const shared = createMemoryLock();
    const hold = createAcquirer(shared);
    await hold('hung');
    const extended = await hold('extended');
    extended?.extend(600_000);
    await vi.advanceTimersByTimeAsync(200_000);
    const request = { owner: 'other', timeToLive: 1_000, wait: 0 };
    const late = [shared.acquire('hung', request), shared.acquire('extended', request)];
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all(late)).toEqual([true, false]);
  });

  test('has a time to live beyond the slowest exchange if it cannot be renewed', async () => {
    const timesToLive: number[] = [];
    const lock: RefreshLock = {
      acquire: async (_, { timeToLive }) => timesToLive.push(timeToLive) > 0,
      release: async () => {},
    };
    await createAcquirer(lock)('key');
    await createAcquirer({ ...lock, renew: async () => true })('key');
    expect(timesToLive).toEqual([60_000, 10_000]);
  });

  test('uses a lock of this process while the store is unavailable', async () => {
    const fail = async (): Promise<never> => {
      throw new Error('unavailable');
    };
    const events: AuthEvent[] = [];
    const hold = createAcquirer({ acquire: fail, renew: fail, release: fail }, events);
    const first = await hold('key');
    const second = hold('key');
    const third = hold('other');
    expect(await third).toBeDefined();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await second).toBeUndefined();
    await first?.release();
    expect(await hold('key')).toBeDefined();
    expect(events[0]).toEqual({ type: 'store.unavailable', port: 'lock' });
  });

  test('is not acquired by a second caller of the process whose request to the store fails', async () => {
    const shared = createMemoryLock();
    let isAvailable = true;
    const acquire: RefreshLock['acquire'] = async (key, options) => {
      if (isAvailable) return shared.acquire(key, options);
      throw new Error('unavailable');
    };
    const hold = createAcquirer({ ...shared, acquire });
    const first = await hold('key');
    isAvailable = false;
    let isSecondHeld = false;
    const second = hold('key').finally(() => {
      isSecondHeld = true;
    });
    await vi.advanceTimersByTimeAsync(900);
    expect(isSecondHeld).toBe(false);
    await first?.release();
    expect(await second).toBeDefined();
    const third = hold('key');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await third).toBeUndefined();
  });

  test('is not replaced by the lock of this process if the shared lock is required', async () => {
    const shared = createMemoryLock();
    let isFailing = true;
    // The store has acquired the lock, but its response is lost.
    const acquire: RefreshLock['acquire'] = async (key, options) => {
      const isAcquired = await shared.acquire(key, options);
      if (isFailing) throw new Error('connection closed');
      return isAcquired;
    };
    const events: AuthEvent[] = [];
    const hold = createAcquirer({ ...shared, acquire }, events);
    await expect(hold('key', { isSharedLockRequired: true })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(events).toEqual([{ type: 'store.unavailable', port: 'lock' }]);
    isFailing = false;
    expect(await hold('key', { isSharedLockRequired: true })).toBeDefined();
  });
});
