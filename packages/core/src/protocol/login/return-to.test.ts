import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkReturnTo, sanitizeReturnTo } from './return-to.ts';

const base = new URL('https://app.example/');
const sanitize = (value: unknown) => sanitizeReturnTo(value, { origin: base.origin, fallback: '/fallback' });

test('returns a path of the application with query and fragment', () => {
  expect(sanitize('/a/b?c=d#e')).toBe('/a/b?c=d#e');
  expect(sanitize('https://app.example/a')).toBe('/a');
  expect(sanitize('/a?next=https://evil.example')).toBe('/a?next=https://evil.example');
});

test('S2: returns the fallback for an address of another origin', () => {
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
    '\u2215\u2215evil.example\u0000',
    `/${'x'.repeat(4_000)}`,
    'https:///evil.example',
    'https://app.example.:8443/',
    'https://app.example../',
    'HTTPS:evil.example',
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

test('keeps long paths and invisible characters, percent-encoded', () => {
  expect(sanitize(`/${'x'.repeat(3_999)}`)).toHaveLength(4_000);
  for (const [value, path] of [
    ['/family/\u{1f468}\u200d\u{1f469}', '/family/%F0%9F%91%A8%E2%80%8D%F0%9F%91%A9'],
    [
      '/\u0645\u06cc\u200c\u0634\u0648\u062f?q=\u200c',
      '/%D9%85%DB%8C%E2%80%8C%D8%B4%D9%88%D8%AF?q=%E2%80%8C',
    ],
    ['/soft\u00adhyphen#\u00ad', '/soft%C2%ADhyphen#%C2%AD'],
    ['/\u202eoverride\ufeff', '/%E2%80%AEoverride%EF%BB%BF'],
    ['/\u200b/evil.example', '/%E2%80%8B/evil.example'],
  ] as const) {
    expect(sanitize(value), path).toBe(path);
    // Encoded values stay as they are.
    expect(sanitize(path), path).toBe(path);
  }
});

test('returns the reason of a rejection', () => {
  const check = (value: unknown) => checkReturnTo(value, { origin: base.origin });
  expect(check('/a')).toEqual({ path: '/a' });
  expect(check(`/${'x'.repeat(4_000)}`)).toEqual({ problem: 'too_long' });
  // Four characters that are nine each when they are encoded.
  expect(check(`/${'\u200d'.repeat(1_000)}`)).toEqual({ problem: 'too_long' });
  expect(check('https://evil.example')).toEqual({ problem: 'not_allowed' });
});

test('accepts equal spellings of the origin', () => {
  for (const value of [
    'https://APP.example/a',
    'HTTPS://app.example/a',
    'https://app.example:443/a',
    'https://app.example./a',
    'https://app.example.:443/a',
  ])
    expect(sanitize(value), value).toBe('/a');
  const origin = new URL('https://m\u00fcller.example').origin;
  for (const value of ['https://m\u00fcller.example/a', 'https://xn--mller-kva.example/a'])
    expect(sanitizeReturnTo(value, { origin }), value).toBe('/a');
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
