import { expect, test, vi } from 'vitest';
import type { SqlDatabase } from './database.ts';
import { createSqlStores } from './stores.ts';

const failWith = (error: unknown): SqlDatabase => ({
  dialect: 'postgresql',
  select: () => Promise.reject(error),
  execute: () => Promise.reject(error),
});

test.each([
  [Object.assign(new Error('secret value'), { code: '53300' }), 'The database failed (53300).'],
  [Object.assign(new Error('secret value'), { code: 'ER_DISK_FULL' }), 'The database failed (ER_DISK_FULL).'],
  [Object.assign(new Error('secret value'), { code: 'ECONNREFUSED' }), 'The database failed (ECONNREFUSED).'],
  [Object.assign(new Error('secret value'), { errcode: 13 }), 'The database failed (SQLite 13).'],
  [Object.assign(new Error('x'), { code: 'secret value' }), 'The database failed (unknown).'],
  ['secret value', 'The database failed (unknown).'],
])('an error of the driver is typed, with its code and without its text', async (error, message) => {
  const { store, tombstones, replay, refresh } = createSqlStores(failWith(error));
  const calls = [
    store.get('key'),
    store.delete('key'),
    tombstones.latest(['key']),
    replay.claim('key', 1_000),
    refresh.successors.get('key'),
    refresh.lock.acquire('key', { owner: 'a', timeToLive: 1_000, wait: 0 }),
  ];
  for (const call of calls) {
    const failure = await call.catch((each: unknown) => each);
    expect(failure).toMatchObject({ name: 'TransportError', code: 'store_unavailable', message });
    expect(failure).not.toHaveProperty('cause');
  }
});

test('a statement that does not respond fails after the time limit', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const silent: SqlDatabase = {
      dialect: 'sqlite',
      select: () => new Promise(() => {}),
      execute: async () => 0,
    };
    const result = createSqlStores(silent, { queryTimeout: 500 }).store.get('key');
    const failure = expect(result).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'The database did not respond within 500 ms.',
    });
    await vi.advanceTimersByTimeAsync(500);
    await failure;
  } finally {
    vi.useRealTimers();
  }
});

test.each(['40001', '40P01', 'ER_LOCK_DEADLOCK'])(
  'a conflict (%s) runs the statement again',
  async (code) => {
    let tries = 0;
    const conflicting: SqlDatabase = {
      dialect: 'mysql',
      select: async () => [],
      execute: async () => {
        tries++;
        if (tries < 3) throw Object.assign(new Error('conflict'), { code });
        return 1;
      },
    };
    expect(await createSqlStores(conflicting).replay.claim('key', 1_000)).toBe(true);
    expect(tries).toBe(3);
  },
);

test('a conflict that does not end is an error', async () => {
  const { replay } = createSqlStores(failWith(Object.assign(new Error('conflict'), { code: '40001' })));
  await expect(replay.claim('key', 1_000)).rejects.toMatchObject({ code: 'store_unavailable' });
});
