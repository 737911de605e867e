import { expect, test } from 'vitest';
import { createVerifiedTokenCache } from './verified-token-cache.ts';

const entry = (token: string) => ({
  token,
  issuer: 'https://auth.example.test',
  verified: {} as never,
  result: Promise.resolve({} as never),
  deadAt: Number.POSITIVE_INFINITY,
  key: { retired: false },
  keys: undefined,
});

const tokenOf = (index: number) => `${'h'.repeat(100)}.${'p'.repeat(100)}.${String(index).padStart(86, 's')}`;

test('A3: the whole token decides, not its end', () => {
  const cache = createVerifiedTokenCache({ maxEntries: 10, maxCharacters: 100_000 });
  const end = 's'.repeat(86);
  cache.set(entry(`a.b.${end}`));
  expect(cache.get(`a.b.${end}`)).toBeDefined();
  expect(cache.get(`a.c.${end}`)).toBeUndefined();
  // The same for what has aged into the old generation.
  for (let i = 0; i < 5; i++) cache.set(entry(tokenOf(i)));
  expect(cache.get(`a.c.${end}`)).toBeUndefined();
  expect(cache.get(`a.b.${end}`)).toBeDefined();
});

test('A3: bounded in entries, and what is used stays', () => {
  const cache = createVerifiedTokenCache({ maxEntries: 100, maxCharacters: 1e9 });
  cache.set(entry(tokenOf(0)));
  for (let i = 1; i < 10_000; i++) {
    cache.set(entry(tokenOf(i)));
    expect(cache.get(tokenOf(0))).toBeDefined();
    expect(cache.size).toBeLessThanOrEqual(100);
  }
  expect(cache.get(tokenOf(1))).toBeUndefined();
});

test('A3: bounded in characters', () => {
  const cache = createVerifiedTokenCache({ maxEntries: 1e6, maxCharacters: 10_000 });
  for (let i = 0; i < 1000; i++) cache.set(entry(tokenOf(i)));
  expect(cache.size * tokenOf(0).length).toBeLessThanOrEqual(10_000);
  cache.set(entry('x'.repeat(6000)));
  expect(cache.get('x'.repeat(6000))).toBeUndefined();
});
