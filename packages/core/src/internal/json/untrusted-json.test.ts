import { describe, expect, test } from 'vitest';
import { deepFreeze } from './json.ts';
import { parseUntrustedJson, parseUntrustedObject, responseLimits, tokenLimits } from './untrusted-json.ts';

const limits = { maxLength: 1_000, maxDepth: 4, maxValues: 10 };
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('C9: a limit is named by the error', () => {
  test.each([
    ['longer than the limit', `"${'x'.repeat(999)}"`, 'json_length'],
    ['deeper than the limit', nested(5), 'json_depth'],
    ['more values than the limit', `[${'1,'.repeat(10)}1]`, 'json_values'],
    ['a number of 65 digits', `[${'1'.repeat(65)}]`, 'json_number'],
    ['a number that overflows', '1e309', 'json_number'],
    ['a nested number that overflows', '{"exp":-1e999}', 'json_number'],
    ['a repeated name', '{"a":1,"a":1}', 'json'],
    ['a repeated name in another spelling', '{"a":1,"\\u0061":2}', 'json'],
    ['a repeated name below a list', '[{"x":{"a":{},"b":1,"a":{}}}]', 'json'],
    ['a repeated __proto__', '{"__proto__":1,"\\u005f_proto__":2}', 'json'],
    ['a string without an end', '{"a', 'json'],
    ['nothing', '', 'json'],
  ])('%s', (_, text, check) => {
    expect(() => parseUntrustedJson(text, { limits })).toThrow(
      expect.objectContaining({ name: 'ValidationError', code: 'response_malformed', check }),
    );
  });

  test('at every limit a text is still accepted', () => {
    expect(parseUntrustedJson(`"${'x'.repeat(998)}"`, { limits })).toHaveLength(998);
    expect(parseUntrustedJson(nested(4), { limits })).toEqual([[[[]]]]);
    expect(parseUntrustedJson(`[${'1,'.repeat(8)}1]`, { limits })).toHaveLength(9);
    expect(parseUntrustedJson('1'.repeat(64), { limits })).toBe(Number('1'.repeat(64)));
  });

  test.each([100_000, 2_000_000])('%d levels are refused without a recursion', (depth) => {
    for (const text of [nested(depth), '['.repeat(depth), '{"a":'.repeat(depth)]) {
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
])('a well-formed text is parsed as JSON.parse does: %s', (text) => {
  expect(parseUntrustedJson(text)).toStrictEqual(JSON.parse(text));
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
});

test('a name that was parsed earlier does not change how an escaped name is read', () => {
  for (const [earlier, escaped] of [
    ['\\\\', '\\"'],
    ['\\\\u0', '\\u0069ss'],
    ['https:\\\\/\\\\/a.example\\\\/ro', 'https:\\/\\/a.example\\/roles'],
  ] as const) {
    const name: string = JSON.parse(`"${escaped}"`);
    JSON.parse(`{"kept":1,"${earlier}":2,"list":[]}`);
    const text = `{"kept":1,"${escaped}":2,"list":[{},[]]}`;
    expect(parseUntrustedJson(text)).toStrictEqual({ kept: 1, [name]: 2, list: [{}, []] });
    // A repeat is found in whatever spelling.
    const plain = JSON.stringify(name).replaceAll('/', '\\u002f');
    expect(() => parseUntrustedJson(`{"kept":1,"${escaped}":2,${plain}:3}`)).toThrow('repeats a member name');
  }
});

test('an object is required where one is needed', () => {
  for (const text of ['[]', '1', 'null', '"{}"']) {
    expect(() => parseUntrustedObject(text, { limits: tokenLimits })).toThrow('is not a JSON object');
  }
});

test('the error of the context is thrown', () => {
  const createError = (fault: string) => new RangeError(fault);
  expect(() => parseUntrustedJson('[[[[[', { limits, createError })).toThrow(new RangeError('depth'));
});

describe('repeated members with equal values', () => {
  test.each([
    '{"iss":"a","iss":"a"}',
    '{"iss":"a","\\u0069ss":"\\u0061"}',
    '{"x":[{"n":1,"n": 1.0 }],"y":"{"}',
    '{"a":null,"a":null,"b":true,"b":true}',
  ])('are one where that is allowed: %s', (text) => {
    expect(parseUntrustedJson(text, { equalRepeats: true })).toEqual(JSON.parse(text));
    expect(() => parseUntrustedJson(text)).toThrow('repeats a member name');
  });

  test.each([
    '{"iss":"a","iss":"b"}',
    '{"iss":"1","iss":1}',
    '{"a":{},"a":{}}',
    '{"a":1,"a":[1]}',
    '{"a":[1],"a":1}',
    '{"a":1,"a":1,"b":[{"c":1,"c":2}]}',
  ])('are refused where they differ or are no scalars: %s', (text) => {
    expect(() => parseUntrustedJson(text, { equalRepeats: true })).toThrow('repeats a member name');
  });
});

test('a value of any depth is frozen without a recursion', () => {
  let value: { inner?: object } = {};
  const innermost = value;
  for (let depth = 0; depth < 100_000; depth++) value = { inner: value };
  deepFreeze(value);
  expect(Object.isFrozen(innermost)).toBe(true);
});
