import type { SessionRecord } from '@countersign/core/session';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRedisStores } from '../src/stores.ts';
import { clients, type TestClient } from './support/clients.ts';
import { startTestRedis, type TestRedis } from './support/redis.ts';

// With the option `replicas`, what ends a session or spends a token is on the replica before the call returns.

const record: SessionRecord = {
  version: 1,
  value: 'sealed',
  issuer: 'https://op.example',
  sub: 'alice',
  expiresAt: Math.floor(Date.now() / 1000) + 3600,
};

describe.each(Object.entries(clients))('%s', (_, connect) => {
  let redis: TestRedis;
  let replica: TestRedis;
  let client: TestClient;
  beforeEach(async () => {
    redis = await startTestRedis();
    replica = await startTestRedis({ replicaOf: redis.port });
    const observer = await redis.connect();
    await vi.waitFor(async () => expect(await observer.info('replication')).toContain('state=online'), {
      timeout: 20_000,
    });
    client = await connect(redis);
  }, 60_000);
  afterEach(async () => {
    await client?.close();
    await replica?.close();
    await redis?.close();
  });

  test('a write fails while the replica does not confirm it', { timeout: 60_000 }, async () => {
    const { store, tombstones, replay, refresh } = createRedisStores(client.connection, {
      replicas: 1,
      commandTimeout: 2_000,
    });
    const attempt = { owner: 'a', timeToLive: 60_000, wait: 0 };
    const writes = {
      'store.set': () => store.set('session', record, 0),
      'store.delete': () => store.delete('session'),
      'tombstones.set': () => tombstones.set('ended', 1, 60_000),
      'replay.claim': () => replay.claim('claimed', 60_000),
      'lock.acquire': () => refresh.lock.acquire('lock', attempt),
      'successors.set': () => refresh.successors.set('successor', 'value', 60_000),
    };
    replica.freeze(true);
    for (const [name, write] of Object.entries(writes))
      await expect(write(), name).rejects.toMatchObject({
        code: 'store_unavailable',
        message: 'Redis has a write that 0 of 1 replicas have confirmed',
      });
    replica.freeze(false);
    await vi.waitFor(() => tombstones.set('ended', 2, 60_000), { timeout: 20_000 });
    for (let index = 0; index < 20; index++) {
      expect(await replay.claim(`claimed ${index}`, 60_000)).toBe(true);
      const atReplica = await (await replica.connect()).get(`countersign:replay:claimed:${index}`);
      expect(atReplica).toBe('1');
    }
  });
});

test('a cluster, and a count that is not a positive integer, are rejected', () => {
  const single = { get: async () => null, eval: async () => null };
  for (const replicas of [-1, 0.5, Number.NaN])
    expect(() => createRedisStores(single, { replicas })).toThrow('expected a positive integer');
  const cluster = { ...single, masters: [] };
  expect(() => createRedisStores(cluster, { replicas: 1 })).toThrow('min-replicas-to-write');
});
