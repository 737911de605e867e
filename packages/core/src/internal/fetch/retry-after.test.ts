import { expect, test } from 'vitest';
import { limitDelay, parseRetryAfter } from './retry-after.ts';

const now = Date.UTC(2026, 0, 1);

test.each([
  ['120', 120],
  [' 5 ', 5],
  ['0', 0],
  ['999999', 86_400],
  ['9'.repeat(400), 86_400],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
])('reads %j as %d seconds', (header, expected) => {
  expect(parseRetryAfter(header, now)).toBe(expected);
});

test.each([null, '', 'soon', '-1', '1.5', 'January 2027', '2027-01-01T00:00:00Z', 'GMT'])(
  'ignores the invalid header %j',
  (header) => expect(parseRetryAfter(header, now)).toBeUndefined(),
);

test('limitDelay returns whole seconds from 0 to one day', () => {
  expect([-5, -0.5, 0.2, 1.5, 10, 1e9, 1e300].map(limitDelay)).toEqual([0, 0, 1, 2, 10, 86_400, 86_400]);
});

test.each([
  undefined,
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  new Date(),
  '30',
  '1\r\nx: y',
  30n,
  [30],
  {},
])('limitDelay ignores %o, which is not a finite number', (delay) => {
  expect(limitDelay(delay as number)).toBeUndefined();
});
