import { expect, test } from 'vitest';
import { redact, redactTokens } from './redact.ts';

const options = { secrets: [], tokens: true };

test('N21: the search for tokens is linear in the length of the text', () => {
  // A search that starts again at each character exceeds the timeout with this text.
  const letters = 'a'.repeat(100_000);
  expect(redactTokens(letters)).toBe(letters);
  expect(redactTokens(`${letters}1`)).toBe('[redacted]');
});

test.each([
  ['redacts', 'a digit at its end', `${'a'.repeat(15)}1`, '[redacted]'],
  ['redacts', 'a digit at its start', `1${'a'.repeat(15)}`, '[redacted]'],
  ['keeps', 'a digit but is short', `${'a'.repeat(14)}1`, `${'a'.repeat(14)}1`],
  ['keeps', 'no digit', 'a'.repeat(16), 'a'.repeat(16)],
  ['keeps', 'a digit only in the next word', `${'a'.repeat(16)} 1`, `${'a'.repeat(16)} 1`],
])('A7: %s a run of characters that has %s', (_verb, _case, text, expected) => {
  expect(redact(`<${text}>`, options)).toBe(`<${expected}>`);
});

test('N21: processes only the beginning of a long text', () => {
  expect(redact(`no order is called ${'a'.repeat(20_000)}`, options)).toBe('no order is called [cut]');
  expect(redact('word '.repeat(5000), options)).toHaveLength(300);
  expect(redact('a'.repeat(20_000), options)).toBe('[cut]');
});

test('A7: does not log a part of a secret at the end of a truncated text', () => {
  const secret = 'opaque-secret'.repeat(120);
  const text = `${secret} ${secret} ${secret} ${secret}`;
  expect(redact(text, { secrets: [secret], tokens: false })).toBe('[redacted] [redacted] [cut]');
});

test('N21: credentials that contain parts of the replacement do not multiply the text', () => {
  const round = [...Array.from({ length: 8 }, () => 'redact'), 'ed]ed]'];
  const secrets = ['Cannot', ...Array.from({ length: 6 }, () => round).flat()];
  expect(redact('Cannot read the order', { secrets, tokens: true })).toBe('[redacted] read the order');
});

test('N21: logs no text of a request with more credentials than are searched', () => {
  const secrets = Array.from({ length: 201 }, (_, index) => `secret-${index}`);
  expect(redact('the order of secret-200', { secrets, tokens: false })).toBe('[redacted]');
  expect(redact('the order of secret-199', { secrets: secrets.slice(1), tokens: false })).toBe(
    'the order of [redacted]',
  );
  const repeated = Array.from({ length: 1_000 }, () => 'secret-1');
  expect(redact('the order of secret-1', { secrets: repeated, tokens: false })).toBe(
    'the order of [redacted]',
  );
});

test('A7: redacts secrets that overlap or contain one another', () => {
  const secrets = ['abcdef', 'abcdefghij', 'hijklm'];
  expect(redact('an abcdefghijklm', { secrets, tokens: false })).toBe('an [redacted]');
  expect(redact('abcdef and hijklm', { secrets, tokens: false })).toBe('[redacted] and [redacted]');
});
