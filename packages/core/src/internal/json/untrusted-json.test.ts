import { describe, expect, test } from 'vitest';
import { hasEscapedName } from './escaped-names.ts';
import { hasEqualRepeats } from './repeated-members.ts';
import { parseUntrustedJson, parseUntrustedObject, responseLimits, tokenLimits } from './untrusted-json.ts';

const limits = { maxLength: 1_000, maxDepth: 4, maxValues: 10 };
const nestArrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('C9: rejects a text and names the failed check', () => {
  test.each([
    ['a text that is too long', `"${'x'.repeat(999)}"`, 'json_length'],
    ['arrays that are nested too deep', nestArrays(5), 'json_depth'],
    ['too many values', `[${'1,'.repeat(10)}1]`, 'json_values'],
    ['a number of 65 digits', `[${'1'.repeat(65)}]`, 'json_number'],
    ['a number that overflows', '1e309', 'json_number'],
    ['a nested number that overflows', '{"exp":-1e999}', 'json_number'],
    ['a repeated name', '{"a":1,"a":1}', 'json'],
    ['a repeated name with escapes', '{"a":1,"\\u0061":2}', 'json'],
    ['a repeated name inside an array', '[{"x":{"a":{},"b":1,"a":{}}}]', 'json'],
    ['a repeated __proto__', '{"__proto__":1,"\\u005f_proto__":2}', 'json'],
    ['an unterminated string', '{"a', 'json'],
    ['an empty text', '', 'json'],
  ])('%s', (_, text, check) => {
    expect(() => parseUntrustedJson(text, { limits })).toThrow(
      expect.objectContaining({ name: 'ValidationError', code: 'response_malformed', check }),
    );
  });

  test('accepts a text at each limit', () => {
    expect(parseUntrustedJson(`"${'x'.repeat(998)}"`, { limits })).toHaveLength(998);
    expect(parseUntrustedJson(nestArrays(4), { limits })).toEqual([[[[]]]]);
    expect(parseUntrustedJson(`[${'1,'.repeat(8)}1]`, { limits })).toHaveLength(9);
    expect(parseUntrustedJson('1'.repeat(64), { limits })).toBe(Number('1'.repeat(64)));
  });

  test.each([100_000, 2_000_000])('rejects %d levels without recursion', (depth) => {
    for (const text of [nestArrays(depth), '['.repeat(depth), '{"a":'.repeat(depth)]) {
      expect(() => parseUntrustedJson(text, { limits: responseLimits })).toThrow(
        expect.objectContaining({ check: 'json_depth' }),
      );
    }
  });
});

test.each([
  '{"__proto__":{"admin":true}}',
  '{"a":"\\"","b":"\\\\","c":"{[:,"}',
  '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
  '["\\ud800","\\udc00\\ud800","\u{1f600}"]',
  '{"e":-1.5e-7,"f":1E+2}',
  ' { "a" : 1 , "b" : [ ] } ',
])('parses a well-formed text like JSON.parse: %s', (text) => {
  expect(parseUntrustedJson(text)).toStrictEqual(JSON.parse(text));
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
});

test('distinguishes an escaped name from a similar name', () => {
  for (const [earlier, escaped] of [
    ['\\\\', '\\"'],
    ['\\\\u0', '\\u0069ss'],
    ['https:\\\\/\\\\/a.example\\\\/ro', 'https:\\/\\/a.example\\/roles'],
  ] as const) {
    const name: string = JSON.parse(`"${escaped}"`);
    JSON.parse(`{"first":1,"${earlier}":2,"list":[]}`);
    const text = `{"first":1,"${escaped}":2,"list":[{},[]]}`;
    expect(parseUntrustedJson(text)).toStrictEqual({ first: 1, [name]: 2, list: [{}, []] });
    // Finds a repeated name with different escapes.
    const plain = JSON.stringify(name).replaceAll('/', '\\u002f');
    expect(() => parseUntrustedJson(`{"first":1,"${escaped}":2,${plain}:3}`)).toThrow(
      'repeats a member name',
    );
  }
});

test('parseUntrustedObject rejects other values than objects', () => {
  for (const text of ['[]', '1', 'null', '"{}"']) {
    expect(() => parseUntrustedObject(text, { limits: tokenLimits })).toThrow('is not a JSON object');
  }
});

test('throws the error that createError returns', () => {
  const createError = (fault: string) => new RangeError(fault);
  expect(() => parseUntrustedJson('[[[[[', { limits, createError })).toThrow(new RangeError('depth'));
});

describe('hasEqualRepeats', () => {
  test.each([
    '{"iss":"a","iss":"a"}',
    '{"iss":"a","\\u0069ss":"\\u0061"}',
    '{"x":[{"n":1,"n": 1.0 }],"y":"{"}',
    '{"a":null,"a":null,"b":true,"b":true}',
  ])('accepts repeated members with equal scalar values: %s', (text) => {
    expect(parseUntrustedJson(text, { acceptsRepeats: hasEqualRepeats })).toEqual(JSON.parse(text));
    expect(() => parseUntrustedJson(text)).toThrow('repeats a member name');
  });

  test.each([
    '{"iss":"a","iss":"b"}',
    '{"iss":"1","iss":1}',
    '{"a":{},"a":{}}',
    '{"a":1,"a":[1]}',
    '{"a":[1],"a":1}',
    '{"a":1,"a":1,"b":[{"c":1,"c":2}]}',
  ])('rejects repeated members with different values, objects or arrays: %s', (text) => {
    expect(() => parseUntrustedJson(text, { acceptsRepeats: hasEqualRepeats })).toThrow(
      'repeats a member name',
    );
  });
});

test.each([
  ['a name', '{"\\u0061":1}', true],
  ['a name with spaces before the colon', '{"a\\n" \t\r\n :1}', true],
  ['a name after an escaped value', '{"a":"\\"","b":["\\\\"],"c\\"":2}', true],
  ['a name of a nested object', '[{"a":{"\\/":1}}]', true],
  ['a value', '{"a":"https:\\/\\/id.example","b":["\\"",{"c":"\\\\"}]}', false],
  ['a value that contains a colon', '["\\":", "a:\\":1"]', false],
  ['a text', '"\\u0061"', false],
  ['nothing', '{"a":"b"}', false],
])('finds an escape in %s: %s', (_, text, expected) => {
  JSON.parse(text);
  expect(hasEscapedName(text)).toBe(expected);
});
