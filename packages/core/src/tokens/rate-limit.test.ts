import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const findRetryAfter = (limit: ReturnType<typeof createRateLimit>, key: string) =>
  limit.check(key, key).then(
    () => 0,
    ({ retryAfter }) => retryAfter as number,
  );

describe('pauses', () => {
  test('last exactly as long as Retry-After', async () => {
    const limit = createRateLimit(undefined);
    await limit.pause('s', 's', { retryAfter: 100, status: 429 });
    expect(await findRetryAfter(limit, 's')).toBe(100);
    vi.advanceTimersByTime(99_999);
    expect(await findRetryAfter(limit, 's')).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await findRetryAfter(limit, 's')).toBe(0);
  });

  test.each([
    [429, 0, 1, 'rate_limited'],
    [429, 86_400, 86_400, 'rate_limited'],
    [503, 0, 1, 'server_error'],
    [503, 120, 120, 'server_error'],
    [503, 86_400, 300, 'server_error'],
  ])('after status %i with Retry-After: %i last %i seconds', async (status, retryAfter, length, code) => {
    const limit = createRateLimit(undefined);
    await limit.pause('s', 's', { retryAfter, status });
    await expect(limit.check('s', 's')).rejects.toMatchObject({ code, retryAfter: length, status });
  });

  test('vary without Retry-After, so that sessions do not retry at the same moment', async () => {
    const limit = createRateLimit(undefined);
    for (let i = 0; i < 50; i++) await limit.pause(`s${i}`, `s${i}`, {});
    vi.advanceTimersByTime(999);
    for (let i = 0; i < 50; i++) expect(await findRetryAfter(limit, `s${i}`)).toBe(1);
    vi.advanceTimersByTime(51);
    const waiting = await Promise.all(Array.from({ length: 50 }, (_, i) => findRetryAfter(limit, `s${i}`)));
    expect(new Set(waiting)).toEqual(new Set([0, 1]));
    vi.advanceTimersByTime(50);
    for (let i = 0; i < 50; i++) expect(await findRetryAfter(limit, `s${i}`)).toBe(0);
  });

  test('grow to a minute without Retry-After, and restart after a period without pauses', async () => {
    const limit = createRateLimit(undefined);
    for (const expected of [1, 2, 4, 8, 16, 32, 60, 60]) {
      await limit.pause('s', 's', {});
      const length = await findRetryAfter(limit, 's');
      expect(length).toBeGreaterThanOrEqual(expected);
      expect(length).toBeLessThanOrEqual(expected * 1.1 + 1);
      vi.advanceTimersByTime(length * 1000);
    }
    vi.advanceTimersByTime(130_000);
    await limit.pause('s', 's', {});
    expect(await findRetryAfter(limit, 's')).toBeLessThanOrEqual(2);
  });

  test('apply to one session only', async () => {
    const limit = createRateLimit(undefined);
    for (let i = 0; i < 200; i++) await limit.pause(`s${i}`, `s${i}`, { retryAfter: 3_600, status: 429 });
    expect(await findRetryAfter(limit, 'another')).toBe(0);
    expect(await findRetryAfter(limit, 's0')).toBeGreaterThan(0);
  });

  test('are limited in count', async () => {
    const limit = createRateLimit(undefined);
    for (let i = 0; i <= 10_000; i++) await limit.pause(`s${i}`, `s${i}`, { retryAfter: 3_600, status: 429 });
    expect(await findRetryAfter(limit, 's0')).toBe(0);
    expect(await findRetryAfter(limit, 's1')).toBeGreaterThan(0);
    expect(await findRetryAfter(limit, 's10000')).toBeGreaterThan(0);
  });
});
