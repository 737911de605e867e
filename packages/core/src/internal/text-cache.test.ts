import { expect, test } from 'vitest';
import { createTextCache } from './text-cache.ts';

const entry = (text: string) => ({ text });

const tokenOf = (index: number) =>
  `${'h'.repeat(100)}.${'p'.repeat(100)}.${String(index).padStart(85, 's')}A`;

test('A3: the whole token decides, not its end', () => {
  const cache = createTextCache({ maxEntries: 10, maxCharacters: 100_000 });
  const end = 's'.repeat(86);
  cache.set(entry(`a.b.${end}`));
  expect(cache.get(`a.b.${end}`)).toBeDefined();
  expect(cache.get(`a.c.${end}`)).toBeUndefined();
  // The same for what has aged into the old generation.
  for (let i = 0; i < 5; i++) cache.set(entry(tokenOf(i)));
  expect(cache.get(`a.c.${end}`)).toBeUndefined();
  expect(cache.get(`a.b.${end}`)).toBeDefined();
  // Of two with the same end the later one is remembered in any case, and neither is taken for the other.
  cache.set(entry(`a.c.${end}`));
  expect(cache.get(`a.c.${end}`)?.text).toBe(`a.c.${end}`);
  expect([undefined, `a.b.${end}`]).toContain(cache.get(`a.b.${end}`)?.text);
});

test('A3: a text that differs in any one character is another text, in both generations', () => {
  const text = 't'.repeat(1_000);
  // Most of these have the hash of the text, which takes a part of the characters only.
  const others = Array.from({ length: 1_000 }, (_, at) => `${text.slice(0, at)}x${text.slice(at + 1)}`);
  const cache = createTextCache({ maxEntries: 10, maxCharacters: 100_000 });
  cache.set(entry(text));
  expect(others.filter((other) => cache.get(other))).toEqual([]);
  for (let i = 0; i < 5; i++) cache.set(entry(tokenOf(i)));
  expect(others.filter((other) => cache.get(other))).toEqual([]);
  expect(cache.get(text)?.text).toBe(text);
});

test('A3: a token of a few characters is remembered too', () => {
  const cache = createTextCache({ maxEntries: 10, maxCharacters: 1000 });
  for (const token of ['a', 'b', 'ab', '-'.repeat(9)]) cache.set(entry(token));
  for (const token of ['ab', '-'.repeat(9)]) expect(cache.get(token)?.text).toBe(token);
});

test('A3: bounded in entries, and what is used stays', () => {
  const cache = createTextCache({ maxEntries: 100, maxCharacters: 1e9 });
  cache.set(entry(tokenOf(0)));
  for (let i = 1; i < 10_000; i++) {
    cache.set(entry(tokenOf(i)));
    expect(cache.get(tokenOf(0))).toBeDefined();
    expect(cache.size).toBeLessThanOrEqual(100);
  }
  expect(cache.get(tokenOf(1))).toBeUndefined();
});

test('A3: bounded in characters', () => {
  const cache = createTextCache({ maxEntries: 1e6, maxCharacters: 10_000 });
  for (let i = 0; i < 1000; i++) cache.set(entry(tokenOf(i)));
  expect(cache.size * tokenOf(0).length).toBeLessThanOrEqual(10_000);
  cache.set(entry('x'.repeat(6000)));
  expect(cache.get('x'.repeat(6000))).toBeUndefined();
});

test.each([
  ['one ending', (name: string) => `${name}-0123456789-eu-central-1`],
  ['one beginning', (name: string) => `prefix_of_the_provider_${name}`],
  ['one beginning and one ending', (name: string) => `token-${name}-of-tenant`],
  ['a long constant ending', (name: string) => `${hexOf(name)}${'e'.repeat(500)}`],
  ['a long beginning and ending', (name: string) => `${'b'.repeat(150)}${hexOf(name)}${'e'.repeat(150)}`],
])('R7: texts with %s are remembered each', (_, textOf) => {
  const cache = createTextCache({ maxEntries: 20_000, maxCharacters: 1e9 });
  const texts = Array.from({ length: 1_000 }, (_, index) => textOf(String(index)));
  for (const text of texts) cache.set(entry(text));
  // Some of a thousand may have the number of another.
  expect(texts.filter((text) => cache.get(text)?.text === text).length).toBeGreaterThan(980);
});

test('R7: texts of one character that differ in length are remembered each', () => {
  const cache = createTextCache({ maxEntries: 1_000, maxCharacters: 1e9 });
  const texts = Array.from({ length: 100 }, (_, index) => 'x'.repeat(index + 1));
  for (const text of texts) cache.set(entry(text));
  expect(texts.filter((text) => cache.get(text))).toHaveLength(100);
});

/** 40 hexadecimal characters, as an opaque token has; the same for the same name (FNV-1a, then mulberry32). */
function hexOf(name: string): string {
  let state = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x0100_0193);
  return Array.from({ length: 40 }, () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    return ((mixed ^ (mixed >>> 14)) >>> 28).toString(16);
  }).join('');
}
