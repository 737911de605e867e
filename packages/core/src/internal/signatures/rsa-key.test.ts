import { describe, expect, test } from 'vitest';
import { toBase64Url } from '../encoding.ts';
import { selectUsableKeys } from '../json/key-set-document.ts';
import { isSecureRsaKey } from './rsa-key.ts';
import { isKeyForAlgorithm } from './signature-algorithms.ts';

/** Creates a modulus of the given bits. It is odd by default. `zeros` is the count of leading zero bytes. */
function createModulus(bits: number, { zeros = 0, last = 0xff } = {}): string {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  bytes[0] = 0xff >> ((8 - (bits % 8)) % 8);
  bytes[bytes.length - 1] = last;
  return toBase64Url(new Uint8Array([...new Uint8Array(zeros), ...bytes]));
}

const n = createModulus(2048);
const bytes = (...list: number[]) => toBase64Url(new Uint8Array(list));

describe('A1: insecure RSA keys', () => {
  test.each([
    ['1,024 bits', { n: createModulus(1024), e: 'AQAB' }],
    ['2,047 bits', { n: createModulus(2047), e: 'AQAB' }],
    ['1,024 bits behind 128 zero bytes', { n: createModulus(1024, { zeros: 128 }), e: 'AQAB' }],
    ['2,040 bits behind one zero byte', { n: createModulus(2040, { zeros: 1 }), e: 'AQAB' }],
    ['8,193 bits', { n: createModulus(8193), e: 'AQAB' }],
    ['an even modulus', { n: createModulus(2048, { last: 0xfe }), e: 'AQAB' }],
    ['characters that some decoders ignore', { n: `${'!'.repeat(200)}${createModulus(1024)}`, e: 'AQAB' }],
    ['zero bytes only', { n: 'A'.repeat(342), e: 'AQAB' }],
    ['no modulus', { e: 'AQAB' }],
    ['exponent 1', { n, e: 'AQ' }],
    ['exponent 1 behind zero bytes', { n, e: bytes(0, 0, 1) }],
    ['exponent 0', { n, e: 'AA' }],
    ['exponent 2', { n, e: 'Ag' }],
    ['exponent 65,536', { n, e: bytes(1, 0, 0) }],
    ['an exponent of 33 bits', { n, e: bytes(1, 0, 0, 0, 1) }],
    ['an exponent as long as the modulus', { n, e: n }],
    ['an empty exponent', { n, e: '' }],
    ['a malformed exponent', { n, e: 'A' }],
    ['an exponent with characters that some decoders ignore', { n, e: 'AQ!B' }],
    ['an exponent that is a number', { n, e: 65_537 }],
    ['no exponent', { n }],
  ])('rejects %s', (_, key) => {
    expect(isSecureRsaKey(key)).toBe(false);
    expect(isKeyForAlgorithm({ kty: 'RSA', ...key }, 'RS256')).toBe(false);
    expect(selectUsableKeys({ keys: [{ kty: 'RSA', ...key }] })).toEqual([]);
  });

  test.each([
    ['2,048 bits', { n, e: 'AQAB' }],
    ['2,048 bits behind a zero byte', { n: createModulus(2048, { zeros: 1 }), e: 'AQAB' }],
    ['2,049 bits', { n: createModulus(2049), e: 'AQAB' }],
    ['8,192 bits', { n: createModulus(8192), e: 'AQAB' }],
    ['exponent 3', { n, e: 'Aw' }],
    ['exponent 17', { n, e: 'EQ' }],
    ['exponent 65,537 behind a zero byte', { n, e: bytes(0, 1, 0, 1) }],
    ['an exponent of 32 bits', { n, e: bytes(255, 255, 255, 255) }],
  ])('accepts %s', (_, key) => {
    expect(isKeyForAlgorithm({ kty: 'RSA', ...key }, 'PS256')).toBe(true);
    expect(selectUsableKeys({ keys: [{ kty: 'RSA', ...key }] })).toHaveLength(1);
  });
});

test('selectUsableKeys omits malformed keys and null members', () => {
  const good = { kty: 'RSA', n, e: 'AQAB', kid: 'good' };
  const keys = [
    null,
    'key',
    [],
    {},
    { ...good, kid: 7 },
    { ...good, key_ops: 5 },
    { ...good, kty: null },
    { ...good, e: 'AQ' },
    { ...good, alg: null, use: null, key_ops: null, x5c: null },
  ];
  expect(selectUsableKeys({ keys })).toEqual([good]);
  for (const document of [undefined, null, [], 'keys', {}, { keys: {} }, { keys: ['a', null] }]) {
    expect(selectUsableKeys(document)).toBeUndefined();
  }
});
