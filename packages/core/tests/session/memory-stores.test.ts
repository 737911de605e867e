import { expect, test } from 'vitest';
import { createMemorySessionStore } from '../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../src/session/backends/stores/memory-tombstone-store.ts';
import type { SessionRecord } from '../../src/session/backends/stores/session-store.ts';

const week = 7 * 86_400_000;

test('S35: retains the first of 100,001 logouts of one user, and keeps other users signed in', async () => {
  const store = createMemoryTombstoneStore();
  for (let count = 0; count <= 100_000; count++) {
    await store.set(`session-${count}`, 1_000 + count, week, { coveredBy: 'alice' });
  }
  for (const count of [0, 1, 499, 500, 50_000, 99_999, 100_000]) {
    const endedAt = await store.latest(['alice', `session-${count}`]);
    expect(endedAt, String(count)).toBeGreaterThanOrEqual(1_000 + count);
  }
  expect(await store.latest(['bob', 'session-of-bob'])).toBeUndefined();
  // These logouts do not end a later session of the user.
  expect(await store.latest(['alice', 'live'])).toBeLessThan(101_000);
});

test('S35: retains the first logout after logouts of more users than the limit', async () => {
  const store = createMemoryTombstoneStore({ maxEntries: 100 });
  for (let count = 0; count < 1_000; count++) {
    await store.set(`session-${count}`, 1_000 + count, week, { coveredBy: `user-${count}` });
  }
  for (let count = 0; count < 1_000; count++) {
    expect(await store.latest([`user-${count}`, `session-${count}`])).toBeGreaterThanOrEqual(1_000 + count);
  }
  // Sessions that are older than the last evicted logout have ended. Later sessions continue.
  expect(await store.latest(['other'])).toBe(1_899);
});

test('S35: evicts expired tombstones first', async () => {
  let time = 0;
  const store = createMemoryTombstoneStore({ maxEntries: 3, now: () => time });
  await store.set('long', 1, 1_000_000);
  await store.set('short', 2, 10);
  await store.set('short too', 3, 10);
  time = 11;
  await store.set('new', 4, 1_000);
  expect(await store.latest(['unknown'])).toBeUndefined();
  expect(await store.latest(['long'])).toBe(1);
  for (const key of ['newer', 'newest']) await store.set(key, 5, 1_000);
  expect(await store.latest(['unknown'])).toBe(1);
  // The covering logout is stored as long as the logouts that it covers.
  time = 1_000_000;
  expect(await store.latest(['unknown', 'long'])).toBeUndefined();
  expect(await store.latest([])).toBeUndefined();
});

const record = (sub: string, more: Partial<SessionRecord> = {}): SessionRecord => ({
  version: 1,
  value: 'sealed',
  issuer: 'https://op.example.test',
  sub,
  expiresAt: 4_000_000_000,
  ...more,
});

test('S36: many logins of one user do not evict the sessions of others', async () => {
  const store = createMemorySessionStore({ maxEntries: 50, maxEntriesPerUser: 10 });
  await store.set('bob', record('bob'), 0);
  for (let count = 0; count < 500; count++) await store.set(`alice-${count}`, record('alice'), 0);
  expect(await store.get('bob')).toBeDefined();
  expect(await store.get('alice-489')).toBeUndefined();
  expect(await store.get('alice-490')).toBeDefined();
  // No write restores an evicted session.
  expect(await store.set('alice-0', record('alice', { version: 2 }), 1)).toBe(false);
  expect(await store.deleteWhere({ issuer: 'https://op.example.test', sub: 'alice' })).toBe(10);
});

test('S36: a full store evicts expired sessions first, then the oldest', async () => {
  let time = 1_000_000;
  const store = createMemorySessionStore({ maxEntries: 3, now: () => time });
  await store.set('oldest', record('u1'), 0);
  await store.set('short', record('u2', { expiresAt: 1_001 }), 0);
  await store.set('third', record('u3'), 0);
  time = 1_002_000;
  await store.set('fourth', record('u4'), 0);
  expect(await store.get('oldest')).toBeDefined();
  await store.set('fifth', record('u5'), 0);
  expect(await store.get('oldest')).toBeUndefined();
  for (const key of ['third', 'fourth', 'fifth']) expect(await store.get(key), key).toBeDefined();
  // Logouts do not reduce the limit of sessions.
  for (let count = 0; count < 20; count++) {
    await store.set(`x${count}`, record(`x${count}`), 0);
    await store.delete(`x${count}`);
    expect(await store.set(`x${count}`, record('x', { version: 2 }), 1)).toBe(false);
  }
  expect(await store.get('fifth')).toBeDefined();
});

test('S36: a logout of an unknown user covers no other session, and is not replaced', async () => {
  let time = 0;
  const store = createMemoryTombstoneStore({ maxEntries: 3, now: () => time });
  const setPending = (key: string) => store.set(key, 5_000, 1_000, { isPending: true });
  for (const key of ['p1', 'p2', 'p3']) await setPending(key);
  await expect(setPending('p4')).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(await store.latest(['other'])).toBeUndefined();
  for (const key of ['k1', 'k2', 'k3', 'k4']) await store.set(key, 10, 100_000);
  expect(await store.latest(['other'])).toBe(10);
  for (const key of ['p1', 'p2', 'p3']) expect(await store.latest([key]), key).toBe(5_000);
  // A repeated logout needs no further room, and neither does one whose session has ended by its cookie.
  for (const key of ['p1', 'k4']) await setPending(key);
  expect(await store.latest(['k4'])).toBe(10);
  await store.set('p1', 10, 100_000, { coveredBy: 'alice' });
  await setPending('p4');
  time = 20_000;
  await setPending('p5');
  expect(await store.latest(['p2', 'p5'])).toBe(5_000);
});

test('S36: records of logouts displace no session', async () => {
  const store = createMemorySessionStore({ maxEntries: 3 });
  for (const key of ['s1', 's2', 's3']) await store.set(key, record(key), 0);
  for (let count = 0; count < 10; count++) {
    const key = `logout ${count}`;
    expect(await store.set(key, record('', { issuer: key }), 0)).toBe(true);
    expect(await store.get(key)).toBeDefined();
  }
  for (const key of ['s1', 's2', 's3']) expect(await store.get(key), key).toBeDefined();
  expect(await store.get('logout 6')).toBeUndefined();
  for (const count of [7, 8, 9]) expect(await store.get(`logout ${count}`)).toBeDefined();
  await store.set('s4', record('s4'), 0);
  expect(await store.get('s1')).toBeUndefined();
  expect(await store.get('logout 7')).toBeDefined();
});
