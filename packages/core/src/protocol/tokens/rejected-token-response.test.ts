import { describe, expect, test, vi } from 'vitest';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import { keepRejectedText } from '../../internal/json/rejected-text.ts';
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
    ['{"refresh_token":"r","id_token":"e30.', 'r'],
    ['{"user":{"refresh_token":"r"},}', undefined],
    ['[{"refresh_token":"r"},]', undefined],
    ['}{"refresh_token":"r",}', undefined],
    ['', undefined],
  ])('%s: %s', (text, expected) => {
    const error = reject(text);
    expect(error).toBeInstanceOf(Error);
    expect(findRejectedRefreshToken(error, undefined, undefined)).toBe(expected);
    expect(JSON.stringify(error)).not.toContain('refresh');
  });

  test.each([
    ['{"a":', '"a":x', ''],
    ['a name with a malformed escape: {', '"\\x":1,', '"refresh_token":"r"'],
    ['brackets: ', '[', ''],
    ['quotes: {', '"', ''],
    ['backslashes: {"a":"', '\\', '"'],
    ['white space: {"a"', ' ', ':1,}'],
    ['refresh tokens: {', '"refresh_token":"\\x",', '}'],
  ])('reads a long text once: %s%s', (start, part, end) => {
    const text = start.replace(/^[a-z ]+: /, '') + part.repeat(100_000 / part.length) + end;
    const charAt = vi.spyOn(String.prototype, 'charCodeAt');
    const slice = vi.spyOn(String.prototype, 'slice');
    const parse = vi.spyOn(JSON, 'parse');
    findRejectedRefreshToken(keepRejectedText(new Error('x'), text), undefined, undefined);
    const characters = slice.mock.results.reduce((sum, { value }) => sum + String(value).length, 0);
    expect(charAt.mock.calls.length + characters).toBeLessThan(4 * text.length);
    expect(parse.mock.calls.length).toBeLessThan(10);
    vi.restoreAllMocks();
  });

  test('C1: rejects the response of another user', () => {
    const createIdToken = (sub: string) =>
      `e30.${toBase64Url(encodeUtf8(JSON.stringify({ iss: 'https://id.example', sub })))}.s`;
    const claims = { iss: 'https://id.example', sub: 'alice', aud: 'web', exp: 2, iat: 1 };
    const find = (idTokens: string) =>
      findRejectedRefreshToken(reject(`{"refresh_token":"r",${idTokens},}`), claims, undefined);
    const [alice, mallory] = ['alice', 'mallory'].map((sub) => `"id_token":"${createIdToken(sub)}"`);
    expect(find(`${alice}`)).toBe('r');
    expect(find('"id_token":null')).toBe('r');
    expect(find('"id_token":"encrypted"')).toBe('r');
    for (const idTokens of [`${mallory}`, `${alice},${mallory}`, `${mallory}`.replace('_', '\\u005f')])
      expect(() => find(idTokens)).toThrow(
        expect.objectContaining({ code: 'id_token_invalid', check: 'sub' }),
      );
  });

  test('finds none in other errors', () => {
    expect(
      findRejectedRefreshToken(new Error('{"refresh_token":"r"}'), undefined, undefined),
    ).toBeUndefined();
    expect(findRejectedRefreshToken(undefined, undefined, undefined)).toBeUndefined();
  });
});
