import { expect, test } from 'vitest';
import { createSessionCache } from './session-cache.ts';
import type { SessionState } from './session-state.ts';

const text = 'sealed';
const createState = (): SessionState => ({
  id: 'a',
  owner: '["https://op.example","web"]',
  tokens: { accessTokens: [], scopes: ['openid'], updatedAt: 0 },
  createdAt: 0,
  expiresAt: 100,
  usedAt: 0,
  data: { cart: { items: [] } },
});

test('finds a session by its sealed text and generation until its expiry', () => {
  let time = 0;
  const cache = createSessionCache(() => time);
  const state = createState();
  expect(cache.find(text, 'g')).toBeUndefined();
  cache.add({ text, generation: 'g', expiresAt: 10, state });
  expect(cache.find(text, 'g')).toBe(state);
  expect(cache.find(text, 'other')).toBeNull();
  expect(cache.find('sealee', 'g')).toBeUndefined();
  time = 10_000;
  expect(cache.find(text, 'g')).toBeNull();
});

test('freezes the state of a session', () => {
  const cache = createSessionCache(() => 0);
  const state = createState();
  cache.add({ text, generation: 'g', expiresAt: 10, state });
  expect(Object.isFrozen(state.data?.cart)).toBe(true);
});

test('counts hits, misses and cached sessions', () => {
  const cache = createSessionCache(() => 0);
  cache.find(text, 'g');
  cache.add({ text, generation: 'g', expiresAt: 10, state: createState() });
  cache.find(text, 'g');
  cache.find(text, 'g');
  expect(cache.getStatistics()).toEqual({ hits: 2, misses: 1, size: 1 });
});
