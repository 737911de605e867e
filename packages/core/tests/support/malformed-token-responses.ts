import { encodeUtf8, toBase64Url } from '../../src/internal/encoding.ts';

/** Changes of the JSON of a token response that are rejected, and from which its refresh token is still read. */
export const malformedTokenResponses: Readonly<Record<string, (text: string) => string>> = {
  'a repeated member': (text) => text.replace('{', '{"scope":"a","scope":"b",'),
  'a repeated refresh_token': (text) => text.replace(/("refresh_token":"[^"]*")/, '$1,$1'),
  'an escaped, repeated name': (text) => text.replace('{', '{"expires_i\\u006e":1,"expires_in":2,'),
  'members 40 levels deep': (text) => text.replace('{', `{"user":${'['.repeat(40)}${']'.repeat(40)},`),
  'a number that is too long': (text) => text.replace('{', `{"user":${'1'.repeat(80)},`),
  'a NaN': (text) => text.replace('{', '{"expires_in":NaN,'),
  'a text that does not end': (text) => text.replace(/\}$/, ',"user":"al'),
  'a trailing comma': (text) => text.replace(/\}$/, ',}'),
  'another refresh_token in an object': (text) => text.replace(/\}$/, ',"user":{"refresh_token":"x"},}'),
};

/** Replaces the ID token of a token response with an unsigned one of the user `mallory`. */
export const changeUser = (text: string): string =>
  text.replace(
    /("id_token":")[^"]*/,
    `$1e30.${toBase64Url(encodeUtf8(JSON.stringify({ sub: 'mallory' })))}.c2ln`,
  );
