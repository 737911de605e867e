import { expect, test } from 'vitest';
import { createMemorySessionStore } from './memory-session-store.ts';
import { createMemoryTombstoneStore } from './memory-tombstone-store.ts';

test('S35: an earlier logout does not replace a later one', async () => {
  const store = createMemoryTombstoneStore({ now: () => 0 });
  await store.set('key', 200, 10_000);
  await store.set('key', 100, 10_000);
  expect(await store.latest(['key'])).toBe(200);
});

test('S35: a second logout does not shorten the lifetime of a tombstone', async () => {
  let time = 0;
  const store = createMemoryTombstoneStore({ now: () => time });
  await store.set('key', 100, 10_000);
  await store.set('key', 100, 1_000);
  time = 9_999;
  expect(await store.latest(['key'])).toBe(100);
  time = 10_000;
  expect(await store.latest(['key'])).toBeUndefined();
});

test('S15: a late write does not restore a deleted session', async () => {
  const store = createMemorySessionStore({ now: () => 0 });
  const record = { value: 'sealed', version: 1, issuer: 'https://id.example', sub: 'alice', expiresAt: 100 };
  expect(await store.set('key', record, 0)).toBe(true);
  await store.delete('key');
  expect(await store.set('key', record, 0)).toBe(false);
  expect(await store.get('key')).toBeUndefined();
});
