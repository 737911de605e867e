import { once } from 'node:events';
import {
  refreshLockContract,
  replayStoreContract,
  sessionStoreContract,
  successorStoreContract,
  tombstoneStoreContract,
} from '@countersign/testing/contracts';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { createClient as createRedis5Client } from 'redis-5';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RedisConnection } from '../src/connection.ts';
import { fromIoredis } from '../src/from-ioredis.ts';
import { createRedisStores } from '../src/stores.ts';
import { servers, startTestRedis, type TestRedis } from './support/redis.ts';

/** The oldest and the newest supported major version of redis, and ioredis. */
const versions: Readonly<Record<string, (url: string) => Promise<Connection>>> = {
  'redis 6': (url: string) => connectClient(createClient({ url })),
  'redis 5': (url: string) => connectClient(createRedis5Client({ url })),
  async 'ioredis 6'(url) {
    const client = new Redis(url, { enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
    client.on('error', () => {});
    await once(client, 'ready');
    return Object.assign(fromIoredis(client), { destroy: () => client.disconnect() });
  },
};

type Connection = RedisConnection & { destroy(): void };

async function connectClient(
  client: Connection & { on(event: 'error', listener: () => void): unknown; connect(): Promise<unknown> },
): Promise<Connection> {
  client.on('error', () => {});
  await client.connect();
  return client;
}

describe.each(servers)('on a real $name', (server) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis({ server });
  });
  afterAll(() => redis.close());

  describe.concurrent.each(Object.entries(versions))('from several connections of %s', (_, connect) => {
    let clients: Connection[];
    let calls = 0;
    beforeAll(async () => {
      clients = await Promise.all([connect(redis.url), connect(redis.url), connect(redis.url)]);
    });
    afterAll(() => {
      for (const client of clients) client.destroy();
    });

    /** Each call returns stores on the next connection, like another process. */
    const createStores = () => createRedisStores(clients[calls++ % clients.length] as Connection);
    const cases = [
      ...refreshLockContract(() => createStores().refresh.lock),
      ...successorStoreContract(() => createStores().refresh.successors),
      ...sessionStoreContract(() => createStores().store),
      ...tombstoneStoreContract(() => createStores().tombstones),
      ...replayStoreContract(() => createStores().replay),
    ];
    for (const { name, run } of cases) test(name, { timeout: 60_000 }, run);
  });
});
