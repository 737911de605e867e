import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createClientPool } from 'redis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RedisConnection } from '../src/connection.ts';
import { fromIoredis } from '../src/from-ioredis.ts';
import { createRedisStores } from '../src/stores.ts';
import { startTestRedis, type TestRedis } from './support/redis.ts';
import { startTestSentinel } from './support/sentinel.ts';

// A command that has failed in the application is not executed when Redis returns: a claim would reject a logout token that
// is sent again, and a lock would be held by nobody.

interface TestClient {
  readonly connection: RedisConnection;
  close(): unknown;
}

const clients: Readonly<Record<string, (redis: TestRedis) => Promise<TestClient>>> = {
  async 'a client'(redis) {
    return { connection: await redis.connect(), close() {} };
  },
  async 'a pool'(redis) {
    const pool = createClientPool(
      { url: redis.url, socket: { reconnectStrategy: () => 50 } },
      { minimum: 2 },
    );
    pool.on('error', () => {});
    await pool.connect();
    return { connection: pool, close: () => pool.destroy() };
  },
  async 'a client of Sentinel'(redis) {
    const sentinel = await startTestSentinel(redis);
    return { connection: await sentinel.connect(), close: () => sentinel.close() };
  },
  async 'a client of ioredis'(redis) {
    const client = new Redis(redis.url, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => 50,
    });
    client.on('error', () => {});
    await once(client, 'ready');
    return { connection: fromIoredis(client), close: () => client.disconnect() };
  },
};

describe.each(Object.entries(clients))('%s', (_, connect) => {
  let redis: TestRedis;
  let client: TestClient;
  beforeEach(async () => {
    redis = await startTestRedis();
    client = await connect(redis);
  }, 30_000);
  afterEach(async () => {
    await client?.close();
    await redis?.close();
  });

  test('executes no command after the outage in which it failed', { timeout: 60_000 }, async () => {
    const { replay, refresh, store } = createRedisStores(client.connection, { commandTimeout: 300 });
    expect(await replay.claim('before', 60_000)).toBe(true);
    await redis.kill();
    const unavailable = { name: 'TransportError', code: 'store_unavailable' };
    const attempt = { owner: 'a', timeToLive: 60_000, wait: 0 };
    for (let index = 0; index < 10; index++) {
      await expect(replay.claim(`during ${index}`, 60_000)).rejects.toMatchObject(unavailable);
      await expect(refresh.lock.acquire(`during ${index}`, attempt)).rejects.toMatchObject(unavailable);
    }
    await redis.start();
    await vi.waitFor(() => store.get('any'), { timeout: 30_000, interval: 50 });
    const observer = await redis.connect();
    expect((await observer.keys('*during*')).sort()).toEqual([]);
    for (let index = 0; index < 10; index++) expect(await replay.claim(`during ${index}`, 60_000)).toBe(true);
    expect(await replay.claim('before', 60_000)).toBe(false);
  });
});
