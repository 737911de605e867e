import { expect, test } from 'vitest';
import { hideTokens, redact } from './redact.ts';

const options = { secrets: [], tokens: true };

test('N21: the search for tokens grows linearly with the text', () => {
  // A search that starts again at each character does not finish in time with these.
  const letters = 'a'.repeat(100_000);
  expect(hideTokens(letters)).toBe(letters);
  expect(hideTokens(`${letters}1`)).toBe('[redacted]');
});

test.each([
  ['a digit at its end', `${'a'.repeat(15)}1`, '[redacted]'],
  ['a digit at its start', `1${'a'.repeat(15)}`, '[redacted]'],
  ['a digit, and is short', `${'a'.repeat(14)}1`, `${'a'.repeat(14)}1`],
  ['no digit', 'a'.repeat(16), 'a'.repeat(16)],
  ['a digit only in its neighbour', `${'a'.repeat(16)} 1`, `${'a'.repeat(16)} 1`],
])('A7: a run of characters that has %s', (_, text, expected) => {
  expect(redact(`<${text}>`, options)).toBe(`<${expected}>`);
});

test('N21: of a long text only the beginning is looked at', () => {
  expect(redact(`no order is called ${'a'.repeat(20_000)}`, options)).toBe('no order is called [cut]');
  expect(redact('word '.repeat(5000), options)).toHaveLength(300);
  expect(redact('a'.repeat(20_000), options)).toBe('[cut]');
});

test('A7: a secret that stands where a long text is cut is not logged in part', () => {
  const secret = 'opaque-secret'.repeat(120);
  const text = `${secret} ${secret} ${secret} ${secret}`;
  expect(redact(text, { secrets: [secret], tokens: false })).toBe('[redacted] [redacted] [cut]');
});
