import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuthEvent } from '../events.ts';
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

  test('without renewal gets a time to live that exceeds the slowest exchange', async () => {
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
});
