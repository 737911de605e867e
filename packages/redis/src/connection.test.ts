import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { expect, test } from 'vitest';
import type { RedisConnection } from './connection.ts';
import { createRedisStores } from './stores.ts';

test('accepts each client of the redis package and sends nothing when it creates the stores', () => {
  const clients: RedisConnection[] = [
    createClient(),
    createClient({ RESP: 2 }),
    createClientPool(),
    createCluster({ rootNodes: [] }),
    createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }),
  ];
  for (const client of clients) expect(Object.keys(createRedisStores(client))).toHaveLength(4);
});

test('starts each key with the prefix of the application', async () => {
  const keys: string[] = [];
  const client: RedisConnection = {
    get: async (key) => void keys.push(key),
    eval: async (_, options) => void keys.push(...options.keys),
  };
  const { refresh, replay } = createRedisStores(client, { prefix: 'shop' });
  await refresh.successors.get('a');
  await replay.claim('b', 1_000);
  expect(keys).toEqual(['shop:successor:a', 'shop:replay:b']);
});

test.each([
  [{ prefx: 'shop' }, 'The stores have no option "prefx", expected one of: prefix, commandTimeout, now.'],
  [{ prefix: 5 }, 'The option "prefix" is of type number, expected string.'],
])('createRedisStores(client, %j) names the wrong option', (options, message) => {
  const client = { eval: async () => null, get: async () => null };
  expect(() => createRedisStores(client as never, options as never)).toThrow(message);
});
