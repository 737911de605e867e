import { expect, test } from 'vitest';
import { limitDelay, parseRetryAfter } from './retry-after.ts';

const now = Date.UTC(2026, 0, 1);

test.each([
  ['120', 120],
  [' 5 ', 5],
  ['0', 0],
  ['999999', 86_400],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
])('reads %j as %d seconds', (header, expected) => {
  expect(parseRetryAfter(header, now)).toBe(expected);
});

test.each([null, '', 'soon', '-1', '1.5', 'January 2027', '2027-01-01T00:00:00Z', 'GMT'])(
  'ignores the invalid header %j',
  (header) => expect(parseRetryAfter(header, now)).toBeUndefined(),
);

test('limitDelay returns 0 to one day', () => {
  expect([-5, 10, 1e9].map(limitDelay)).toEqual([0, 10, 86_400]);
});
