import { expect, test } from 'vitest';
import { TransportError } from '../../errors.ts';
import { addRetryAfter } from './error-responses.ts';

const read = (error: unknown, status = 503) =>
  addRetryAfter(new Response(null, { status }), error).headers.get('retry-after');

test.each([
  [30, '30'],
  [1.5, '2'],
  [-5, '0'],
  [1e21, '86400'],
  [undefined, '10'],
  [Number.NaN, '10'],
  [Number.POSITIVE_INFINITY, '10'],
  [new Date(), '10'],
  ['1\r\nx: y', '10'],
])('"Retry-After" is a valid delay if a store reports %o', (delay, header) => {
  expect(read(new TransportError('store_unavailable', 'x', { retryAfter: delay as number }))).toBe(header);
  // Another copy of the package does not check the value.
  const foreign = new TransportError('store_unavailable', 'x');
  expect(read(Object.defineProperty(foreign, 'retryAfter', { value: delay }))).toBe(header);
});

test('only a 503 response has the header', () => {
  const error = new TransportError('store_unavailable', 'x', { retryAfter: 30 });
  expect([read(error, 502), read(new Error('x')), read(undefined)]).toEqual([null, '10', '10']);
});
