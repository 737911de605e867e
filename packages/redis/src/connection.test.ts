import { Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { expect, test, vi } from 'vitest';
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
  [
    { prefx: 'shop' },
    'The stores have no option "prefx", expected one of: prefix, commandTimeout, replicas, now.',
  ],
  [{ prefix: 5 }, 'The option "prefix" is of type number, expected string.'],
])('createRedisStores(client, %j) names the wrong option', (options, message) => {
  const client = { eval: async () => null, get: async () => null };
  expect(() => createRedisStores(client as never, options as never)).toThrow(message);
});

test.each([
  [new Error("OOM command not allowed when used memory > 'maxmemory'. script: secret"), 'Redis failed (OOM)'],
  [new Error('NOPERM User app has no permissions to run the eval command'), 'Redis failed (NOPERM)'],
  [new Error('ERR Error running script: -NOREPLICAS Not enough good replicas'), 'Redis failed (NOREPLICAS)'],
  [Object.assign(new Error('secret'), { code: 'ECONNRESET' }), 'Redis failed (ECONNRESET)'],
  [new Error('secret'), 'Redis failed'],
])('the error names the code of the reply, and nothing else of %s', async (error, message) => {
  const client: RedisConnection = {
    get: () => Promise.reject(error),
    eval: () => Promise.reject(error),
  };
  const { replay } = createRedisStores(client);
  await expect(replay.claim('key', 1_000)).rejects.toMatchObject({ code: 'store_unavailable', message });
});

test('sends one command in each pause, and fails the others immediately, while the server does not reply', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    let sent = 0;
    let reply: (() => void) | undefined;
    const client: RedisConnection = {
      get: () => Promise.resolve(null),
      eval() {
        sent++;
        return new Promise((resolve) => {
          reply = () => resolve(1);
        });
      },
    };
    const { replay, refresh } = createRedisStores(client, { commandTimeout: 500 });
    const claim = () => replay.claim('key', 1_000);
    const first = expect(claim()).rejects.toThrow('Redis did not respond within 500 ms');
    await vi.advanceTimersByTimeAsync(500);
    await first;
    await expect(claim()).rejects.toThrow('Redis does not respond');
    // All stores of a client share what is known of its server.
    await expect(refresh.successors.set('key', 'value', 1_000)).rejects.toThrow('Redis does not respond');
    expect(sent).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    const attempt = claim();
    await expect(claim()).rejects.toThrow('Redis does not respond');
    expect(sent).toBe(2);
    reply?.();
    expect(await attempt).toBe(true);
    const next = claim();
    expect(sent).toBe(3);
    reply?.();
    expect(await next).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('a client of ioredis is rejected, with the function that adapts it', () => {
  const client = new Redis({ lazyConnect: true });
  expect(() => createRedisStores(client as never)).toThrow('Pass fromIoredis(client)');
});
