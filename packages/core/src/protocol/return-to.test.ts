import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sanitizeReturnTo } from './return-to.ts';

const base = new URL('https://app.example/');
const sanitize = (value: unknown) => sanitizeReturnTo(value, { origin: base.origin, fallback: '/fallback' });

test('returns a path of the application with query and fragment', () => {
  expect(sanitize('/a/b?c=d#e')).toBe('/a/b?c=d#e');
  expect(sanitize('https://app.example/a')).toBe('/a');
  expect(sanitize('/a?next=https://evil.example')).toBe('/a?next=https://evil.example');
});

test('S2: returns the fallback for an address that could lead to another origin', () => {
  const attacks = [
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\t//evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/..//evil.example',
    'https:evil.example',
    'https:/evil.example',
    'https://evil.example',
    'https://app.example@evil.example',
    'https://app.example.evil.example',
    'https://user@app.example/',
    'http://app.example/',
    'https://app.example:8443/',
    'javascript:alert(1)',
    'data:text/html,x',
    '/\u200b/evil.example',
    '\u2215\u2215evil.example\u0000',
    `/${'x'.repeat(3_000)}`,
    '',
    undefined,
    null,
    7,
    ['/a'],
    {},
  ];
  for (const attack of attacks) expect(sanitize(attack), JSON.stringify(attack)).toBe('/fallback');
  // Encoded slashes are part of a path segment, not the start of a host.
  expect(sanitize('/%2f%2fevil.example')).toBe('/%2f%2fevil.example');
  expect(sanitize('/%09/evil.example')).toBe('/%09/evil.example');
});

test('S2: returns an address of the origin for any text', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    ':',
    '@',
    '%2f',
    '%5c',
    '%09',
    '\t',
    '\n',
    '?',
    '#',
    'https:',
    'evil.example',
    'a',
    '\u3002',
    '\uff0f',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
      ),
      (value) => {
        const result = sanitize(value);
        expect(result.startsWith('/') && !result.startsWith('//')).toBe(true);
        expect(new URL(result, base).origin).toBe(base.origin);
      },
    ),
    { numRuns: 200 },
  );
}, 30_000);
