import { expect, test } from 'vitest';
import { isSecureUrl } from './secure-url.ts';

test('accepts https, and http only if it is allowed', () => {
  expect(isSecureUrl('https://id.example/token')).toBe(true);
  expect(isSecureUrl('http://localhost:4000')).toBe(false);
  expect(isSecureUrl('http://localhost:4000', { allowInsecure: true })).toBe(true);
});

test.each(['', 'id.example', '/token', 'javascript:alert(1)', 'ftp://id.example', undefined, null, {}, 7])(
  'rejects %j',
  (url) => expect(isSecureUrl(url, { allowInsecure: true })).toBe(false),
);
