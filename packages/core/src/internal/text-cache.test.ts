import { expect, test } from 'vitest';
import { createTextCache } from './text-cache.ts';

const entry = (text: string) => ({ text });

const createToken = (index: number) =>
  `${'h'.repeat(100)}.${'p'.repeat(100)}.${String(index).padStart(85, 's')}A`;

test('A3: compares the complete token, not only its end', () => {
  const cache = createTextCache({ maxEntries: 10, maxCharacters: 100_000 });
  const end = 's'.repeat(86);
  cache.set(entry(`a.b.${end}`));
  expect(cache.get(`a.b.${end}`)).toBeDefined();
  expect(cache.get(`a.c.${end}`)).toBeUndefined();
  // The old generation behaves in the same way.
  for (let i = 0; i < 5; i++) cache.set(entry(createToken(i)));
  expect(cache.get(`a.c.${end}`)).toBeUndefined();
  expect(cache.get(`a.b.${end}`)).toBeDefined();
  // If two texts have the same end, the later one is cached, and neither is returned for the other.
  cache.set(entry(`a.c.${end}`));
  expect(cache.get(`a.c.${end}`)?.text).toBe(`a.c.${end}`);
  expect([undefined, `a.b.${end}`]).toContain(cache.get(`a.b.${end}`)?.text);
});

test('A3: distinguishes texts that differ in one character, in both generations', () => {
  const text = 't'.repeat(1_000);
  // Most of these have the same hash, which includes only a part of the characters.
  const others = Array.from({ length: 1_000 }, (_, at) => `${text.slice(0, at)}x${text.slice(at + 1)}`);
  const cache = createTextCache({ maxEntries: 10, maxCharacters: 100_000 });
  cache.set(entry(text));
  expect(others.filter((other) => cache.get(other))).toEqual([]);
  for (let i = 0; i < 5; i++) cache.set(entry(createToken(i)));
  expect(others.filter((other) => cache.get(other))).toEqual([]);
  expect(cache.get(text)?.text).toBe(text);
});

test('A3: caches short tokens', () => {
  const cache = createTextCache({ maxEntries: 10, maxCharacters: 1000 });
  for (const token of ['a', 'b', 'ab', '-'.repeat(9)]) cache.set(entry(token));
  for (const token of ['ab', '-'.repeat(9)]) expect(cache.get(token)?.text).toBe(token);
});

test('A3: limits the count of entries and retains used ones', () => {
  const cache = createTextCache({ maxEntries: 100, maxCharacters: 1e9 });
  cache.set(entry(createToken(0)));
  for (let i = 1; i < 10_000; i++) {
    cache.set(entry(createToken(i)));
    expect(cache.get(createToken(0))).toBeDefined();
    expect(cache.size).toBeLessThanOrEqual(100);
  }
  expect(cache.get(createToken(1))).toBeUndefined();
});

test('A3: limits the count of characters', () => {
  const cache = createTextCache({ maxEntries: 1e6, maxCharacters: 10_000 });
  for (let i = 0; i < 1000; i++) cache.set(entry(createToken(i)));
  expect(cache.size * createToken(0).length).toBeLessThanOrEqual(10_000);
  cache.set(entry('x'.repeat(6000)));
  expect(cache.get('x'.repeat(6000))).toBeUndefined();
});

test.each([
  ['the same end', (name: string) => `${name}-0123456789-eu-central-1`],
  ['the same beginning', (name: string) => `prefix_of_the_provider_${name}`],
  ['the same beginning and end', (name: string) => `token-${name}-of-tenant`],
  [
    'the header and payload of a JWS',
    (name: string) => `eyJhbGciOiJSUzI1NiJ9.${'p'.repeat(400)}.${createHexToken(name)}A`,
  ],
  ['a long common end', (name: string) => `${createHexToken(name)}${'e'.repeat(500)}`],
  [
    'a long common beginning and end',
    (name: string) => `${'b'.repeat(150)}${createHexToken(name)}${'e'.repeat(150)}`,
  ],
])('R7: caches each of many texts with %s', (_, createText) => {
  const cache = createTextCache({ maxEntries: 20_000, maxCharacters: 1e9 });
  const texts = Array.from({ length: 1_000 }, (_, index) => createText(String(index)));
  for (const text of texts) cache.set(entry(text));
  // A few of the texts may have the same hash.
  expect(texts.filter((text) => cache.get(text)?.text === text).length).toBeGreaterThan(980);
});

test('R7: caches each of many texts that differ in length only', () => {
  const cache = createTextCache({ maxEntries: 1_000, maxCharacters: 1e9 });
  const texts = Array.from({ length: 100 }, (_, index) => 'x'.repeat(index + 1));
  for (const text of texts) cache.set(entry(text));
  expect(texts.filter((text) => cache.get(text))).toHaveLength(100);
});

/** Creates 40 hexadecimal characters, like an opaque token, from a name (FNV-1a, then mulberry32). */
function createHexToken(name: string): string {
  let state = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x0100_0193);
  return Array.from({ length: 40 }, () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    return ((mixed ^ (mixed >>> 14)) >>> 28).toString(16);
  }).join('');
}
