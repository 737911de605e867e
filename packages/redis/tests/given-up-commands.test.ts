import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRedisStores } from '../src/stores.ts';
import { clients, type TestClient } from './support/clients.ts';
import { startTestRedis, type TestRedis } from './support/redis.ts';

// A command that has failed in the application is not executed when Redis returns: a claim would reject a logout token that
// is sent again, and a lock would have no owner.

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
