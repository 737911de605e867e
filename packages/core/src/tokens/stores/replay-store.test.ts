import { expect, test } from 'vitest';
import { createMemoryReplayStore } from './replay-store.ts';

const full = { name: 'TransportError', code: 'store_unavailable' };

test('S34: a full quota of one purpose does not affect other purposes', async () => {
  const store = createMemoryReplayStore({ maxEntries: 3 });
  for (const purpose of ['login', 'logout', 'dpop', 'anything else', '']) {
    for (let count = 0; count < 3; count++)
      expect(await store.claim(`${purpose} ${count}`, 60_000)).toBe(true);
    await expect(store.claim(`${purpose} 3`, 60_000)).rejects.toMatchObject(full);
    expect(await store.claim(`${purpose} 0`, 60_000), purpose).toBe(false);
    if (purpose === 'dpop') break;
  }
  // All other keys share one quota, so that unknown purposes add no capacity.
  for (let count = 0; count < 3; count++) expect(await store.claim(`p${count} x`, 60_000)).toBe(true);
  await expect(store.claim('p3 x', 60_000)).rejects.toMatchObject(full);
  await expect(store.claim('no-purpose', 60_000)).rejects.toMatchObject(full);
});

test('accepts further keys after expiry or release of a key', async () => {
  let time = 0;
  const store = createMemoryReplayStore({ maxEntries: 1, now: () => time });
  expect(await store.claim('login a', 1_000)).toBe(true);
  await store.release?.('login a');
  expect(await store.claim('login b', 1_000)).toBe(true);
  await expect(store.claim('login c', 1_000)).rejects.toMatchObject(full);
  time = 1_000;
  expect(await store.claim('login b', 1_000)).toBe(true);
  time = 20_000;
  expect(await store.claim('login c', 1_000)).toBe(true);
});
