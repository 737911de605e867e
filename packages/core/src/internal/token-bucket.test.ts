import { expect, test } from 'vitest';
import { createTokenBucket } from './token-bucket.ts';

test('allows its capacity at once, then one slot per interval', () => {
  const bucket = createTokenBucket({ capacity: 2, interval: 1_000 });
  expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([0, 0, 1_000]);
  expect(bucket.take(400)).toBe(600);
  expect(bucket.take(1_000)).toBe(0);
  expect(bucket.take(1_000)).toBe(1_000);
  // Idle time does not add more slots than the capacity.
  expect([bucket.take(90_000), bucket.take(90_000), bucket.take(90_000)]).toEqual([0, 0, 1_000]);
});

test('a returned slot can be taken again and does not exceed the capacity', () => {
  const bucket = createTokenBucket({ capacity: 1, interval: 1_000 });
  bucket.take(0);
  bucket.giveBack();
  bucket.giveBack();
  expect([bucket.take(0), bucket.take(0)]).toEqual([0, 1_000]);
});

test('setting the clock back blocks for at most one interval', () => {
  const bucket = createTokenBucket({ capacity: 1, interval: 1_000 });
  bucket.take(50_000);
  expect(bucket.take(0)).toBe(1_000);
  expect(bucket.take(1_000)).toBe(0);
});
