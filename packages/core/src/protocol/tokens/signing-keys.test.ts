import { expect, test } from 'vitest';
import { maxTriedKeys, selectSigningKeys } from './signing-keys.ts';

const [a, b, otherA, unnamed, otherUnnamed] = [
  { kid: 'a', n: 1 },
  { kid: 'b', n: 2 },
  { kid: 'a', n: 3 },
  { n: 4 },
  { n: 5 },
];

test.each([
  ['the key with the kid', [a, b], 'a', [a]],
  ['all keys with the kid', [a, b, otherA], 'a', [a, otherA]],
  ['keys without kid, if no key has the kid', [b, unnamed, otherUnnamed], 'a', [unnamed, otherUnnamed]],
  ['no key with another kid', [b], 'a', []],
  ['the only key for a token without kid', [a], undefined, [a]],
  ['all keys for a token without kid', [a, unnamed, b], undefined, [a, unnamed, b]],
  ['no key of an empty set', [], 'a', []],
])('selects %s', (_, keys, kid, selected) => {
  expect(selectSigningKeys<{ kid?: string; n: number }>(keys, kid)).toEqual(selected);
});

test.each([
  ['with', 'a'],
  ['without', undefined],
])('selects no key of too many for a token %s kid', (_, kid) => {
  const keys = Array.from({ length: maxTriedKeys + 1 }, () => ({ kid: 'a' }));
  expect(selectSigningKeys(keys.slice(1), kid)).toHaveLength(maxTriedKeys);
  expect(selectSigningKeys(keys, kid)).toEqual([]);
});
