import { expect, test } from 'vitest';
import { selectSigningKeys } from './signing-keys.ts';

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
  ['no key of several for a token without kid', [a, b], undefined, []],
  ['no key of an empty set', [], 'a', []],
])('selects %s', (_, keys, kid, selected) => {
  expect(selectSigningKeys<{ kid?: string; n: number }>(keys, kid)).toEqual(selected);
});
