import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEndRetries, repeatEnd } from './end-retries.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const fail = () => Promise.reject(new Error('unavailable'));

test('S80: one loop repeats all ends, and stops each round while the store is unavailable', async () => {
  const retries = createEndRetries();
  const end = vi.fn((): Promise<void> => fail());
  for (let index = 0; index < 12_000; index++)
    repeatEnd(retries, `key ${index}`, { isKnown: index % 2 === 0, end });
  expect(vi.getTimerCount()).toBe(1);
  expect([retries.existingSessions.size, retries.unverifiedKeys.size]).toEqual([6_000, 1_000]);
  await vi.advanceTimersByTimeAsync(60_000);
  // At most ten of each kind in a round. A round follows after 0.2 to 2 seconds.
  expect(end.mock.calls.length).toBeLessThanOrEqual(40 * 20);
  expect(vi.getTimerCount()).toBe(1);
  end.mockImplementation(() => Promise.resolve());
  await vi.advanceTimersByTimeAsync(2_000);
  expect([retries.existingSessions.size, retries.unverifiedKeys.size]).toEqual([0, 0]);
  expect(vi.getTimerCount()).toBe(0);
  // The loop starts again.
  repeatEnd(retries, 'later', { isKnown: true, end });
  await vi.advanceTimersByTimeAsync(200);
  expect([retries.existingSessions.size, vi.getTimerCount()]).toEqual([0, 0]);
});

test('S80: evicts the oldest end of a session, and adds no end of an unknown session beyond the limit', () => {
  const retries = createEndRetries();
  for (let index = 0; index < 10_001; index++) repeatEnd(retries, `${index}`, { isKnown: true, end: fail });
  for (let index = 0; index < 1_001; index++) repeatEnd(retries, `u${index}`, { isKnown: false, end: fail });
  expect([
    retries.existingSessions.size,
    retries.existingSessions.has('0'),
    retries.existingSessions.has('10000'),
  ]).toEqual([10_000, false, true]);
  expect([
    retries.unverifiedKeys.size,
    retries.unverifiedKeys.has('u0'),
    retries.unverifiedKeys.has('u1000'),
  ]).toEqual([1_000, true, false]);
});

test('S80: each end is repeated although others fail or never complete, and for ten minutes at most', async () => {
  const retries = createEndRetries();
  const hanging = vi.fn(() => new Promise<never>(() => {}));
  const failing = vi.fn(fail);
  for (let index = 0; index < 25; index++) repeatEnd(retries, `h${index}`, { isKnown: true, end: hanging });
  for (let index = 0; index < 25; index++) repeatEnd(retries, `f${index}`, { isKnown: true, end: failing });
  const succeeding = vi.fn(() => Promise.resolve());
  repeatEnd(retries, 'last', { isKnown: true, end: succeeding });
  repeatEnd(retries, 'last unknown', { isKnown: false, end: succeeding });
  await vi.advanceTimersByTimeAsync(300_000);
  expect(succeeding).toHaveBeenCalledTimes(2);
  expect(hanging).toHaveBeenCalledTimes(25);
  expect(failing.mock.calls.length).toBeGreaterThan(25);
  expect(retries.existingSessions.size).toBe(50);
  await vi.advanceTimersByTimeAsync(320_000);
  expect([retries.existingSessions.size, vi.getTimerCount()]).toEqual([0, 0]);
});

test('S80: a key that becomes known is repeated once, as a known one', async () => {
  const retries = createEndRetries();
  const ends = [vi.fn(fail), vi.fn(() => Promise.resolve()), vi.fn(() => Promise.resolve())] as const;
  repeatEnd(retries, 'key', { isKnown: false, end: ends[0] });
  repeatEnd(retries, 'key', { isKnown: true, end: ends[1] });
  repeatEnd(retries, 'key', { isKnown: false, end: ends[2] });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ends.map(({ mock }) => mock.calls.length)).toEqual([0, 1, 0]);
});
