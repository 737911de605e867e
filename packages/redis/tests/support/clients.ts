import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createClientPool } from 'redis';
import type { RedisConnection } from '../../src/connection.ts';
import { fromIoredis } from '../../src/from-ioredis.ts';
import type { TestRedis } from './redis.ts';
import { startTestSentinel } from './sentinel.ts';

export interface TestClient {
  readonly connection: RedisConnection;
  close(): unknown;
}

/** Each kind of client of a single server. All of them connect again. */
export const clients: Readonly<Record<string, (redis: TestRedis) => Promise<TestClient>>> = {
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
