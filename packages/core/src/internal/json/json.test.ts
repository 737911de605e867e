import { expect, test } from 'vitest';
import { deepFreeze } from './json.ts';

test('deepFreeze freezes a deeply nested value without recursion', () => {
  let value: { inner?: object } = {};
  const innermost = value;
  for (let depth = 0; depth < 100_000; depth++) value = { inner: value };
  deepFreeze(value);
  expect(Object.isFrozen(innermost)).toBe(true);
});
