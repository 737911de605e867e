import type { SessionRecord } from '@countersign/core/session';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisStores } from '../src/stores.ts';
import { servers, startTestRedis, type TestRedis } from './support/redis.ts';

// `maxmemory-policy noeviction`: Redis rejects every write that needs memory, and reads and deletions succeed.

const record: SessionRecord = {
  version: 1,
  value: 'sealed',
  issuer: 'https://op.example',
  sub: 'alice',
  sid: 'session-1',
  expiresAt: Math.floor(Date.now() / 1000) + 3600,
};

describe.each(servers)('the memory of $name is full', (server) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis({ server });
  });
  afterAll(() => redis.close());

  test('S84: ends sessions, and a late write does not restore them', async () => {
    const client = await redis.connect();
    const { store, tombstones, refresh } = createRedisStores(client);
    for (const key of ['one', 'two', 'three']) await store.set(key, record, 0);
    await tombstones.set('earlier', 1_000, 3_600_000);
    await client.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']);
    await client.sendCommand(['CONFIG', 'SET', 'maxmemory-policy', 'noeviction']);
    // The memory is full: a lock cannot be acquired.
    const attempt = { owner: 'a', timeToLive: 1_000, wait: 0 };
    await expect(refresh.lock.acquire('k', attempt)).rejects.toMatchObject({ code: 'store_unavailable' });
    await store.delete('one');
    expect(await store.deleteWhere({ issuer: record.issuer, sid: 'session-1' })).toBe(2);
    for (const key of ['one', 'two', 'three']) {
      expect(await store.get(key)).toBeUndefined();
      for (const version of [0, 1])
        await expect(store.set(key, record, version)).rejects.toMatchObject({
          message: 'Redis failed (OOM)',
        });
      expect(await store.get(key)).toBeUndefined();
      // The tombstone still expires with the session.
      expect(Number(await client.sendCommand(['PTTL', `countersign:session:${key}`]))).toBeGreaterThan(0);
    }
    await tombstones.set('earlier', 2_000, 1_000);
    await tombstones.set('new', 3_000, 3_600_000);
    expect(await tombstones.latest(['earlier'])).toBe(2_000);
    expect(await tombstones.latest(['new'])).toBe(3_000);
    for (const key of ['earlier', 'new'])
      expect(Number(await client.sendCommand(['PTTL', `countersign:ended:${key}`]))).toBeGreaterThan(60_000);
  });

  test('rejects what grows, and the sessions stay below the maximum', async () => {
    const client = await redis.connect();
    await client.flushAll();
    const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    const maximum = (await used()) + 1_000_000;
    await client.sendCommand(['CONFIG', 'SET', 'maxmemory', String(maximum)]);
    const { store } = createRedisStores(client);
    const large = { ...record, value: 'x'.repeat(4_000) };
    const write = (index: number) => store.set(`session ${index}`, large, 0);
    const results = await Promise.allSettled(Array.from({ length: 1_000 }, (_, index) => write(index)));
    const rejected = results.filter((result) => result.status === 'rejected');
    expect(rejected.length).toBeGreaterThan(500);
    for (const { reason } of rejected) expect(reason).toMatchObject({ message: 'Redis failed (OOM)' });
    // The last write that was accepted can exceed the maximum by its own size, and replies need memory.
    expect(await used()).toBeLessThan(maximum + 500_000);
    // What exists can be read.
    const kept = results.findIndex(({ status }) => status === 'fulfilled');
    expect(await store.get(`session ${kept}`)).toMatchObject({ value: large.value });
  });
});
