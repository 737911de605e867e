import { expect, test } from 'vitest';
import { TransportError } from './transport-error.ts';

test.each([
  [undefined, undefined],
  [0, 0],
  [30, 30],
  [1.5, 2],
  [-1, 0],
  [1e21, 86_400],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [new Date(), undefined],
  ['30', undefined],
])('"retryAfter" is whole seconds or undefined: %o becomes %o', (retryAfter, expected) => {
  const error = new TransportError('server_error', 'x', { retryAfter: retryAfter as number });
  expect(error.retryAfter).toBe(expected);
});
