import { describe, expect, test } from 'vitest';
import { parseUntrustedJson } from '../../internal/json/untrusted-json.ts';
import { findRejectedRefreshToken } from './rejected-token-response.ts';

function reject(text: string): unknown {
  try {
    return parseUntrustedJson(text);
  } catch (error) {
    return error;
  }
}

describe('findRejectedRefreshToken', () => {
  test.each([
    ['{"refresh_token":"r","a":1,"a":1}', 'r'],
    ['{"refresh_token" : "r" ,', 'r'],
    ['{"refresh_token":"r\\"\\u0041","a":"', 'r"A'],
    ['{"refresh\\u005ftoken":"r"', 'r'],
    ['{"a":\\,"refresh_token":"r"}', 'r'],
    ['{"a":"\\x","refresh_token":"r"}', 'r'],
    ['{"a":NaN,"refresh_token":"r"}', 'r'],
    ['{"\\x":1,"refresh_token":"r"}', 'r'],
    ['{"refresh_token":"\\x"}', undefined],
    ['{"refresh_token":"r","refresh_token":"s"}', undefined],
    ['{"refresh_token":"r","refresh_token":"s","refresh_token":"r"}', undefined],
    ['{"refresh_token":"r"},{"refresh_token":"s"}', undefined],
    ['{"refresh_token":7,}', undefined],
    ['{"refresh_token":{"a":"r"},}', undefined],
    ['{"refresh_token":" ",}', undefined],
    ['{"refresh_token":"r', undefined],
    ['{"user":{"refresh_token":"r"},}', undefined],
    ['[{"refresh_token":"r"},]', undefined],
    ['}{"refresh_token":"r",}', 'r'],
    ['', undefined],
  ])('%s: %s', (text, expected) => {
    const error = reject(text);
    expect(error).toBeInstanceOf(Error);
    expect(findRejectedRefreshToken(error)).toBe(expected);
    expect(JSON.stringify(error)).not.toContain('refresh');
  });

  test('finds none in other errors', () => {
    expect(findRejectedRefreshToken(new Error('{"refresh_token":"r"}'))).toBeUndefined();
    expect(findRejectedRefreshToken(undefined)).toBeUndefined();
  });
});
