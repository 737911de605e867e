import { expect, test } from 'vitest';
import { parseBounded } from './bounded-json.ts';

const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

test('parses JSON texts within the limits', () => {
  expect(parseBounded('{"a":[1,"{"]}')).toEqual({ a: [1, '{'] });
  expect(parseBounded('null')).toBeNull();
  expect(parseBounded(nest(64))).toBeInstanceOf(Array);
  expect(parseBounded(`"${'a'.repeat(262_142)}"`)).toHaveLength(262_142);
});

test.each([
  ['too many levels', nest(65)],
  ['levels that overflow the stack', nest(100_000)],
  ['levels without an end', '{"a":'.repeat(65)],
  ['too many characters', `"${'a'.repeat(262_143)}"`],
  ['no text', ''],
  ['malformed JSON', '{"a":1'],
])('rejects %s', (_, text) => {
  expect(parseBounded(text)).toBeUndefined();
});
