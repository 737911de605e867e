import {
  refreshLockContract,
  replayStoreContract,
  sessionStoreContract,
  successorStoreContract,
  tombstoneStoreContract,
} from '@countersign/testing/contracts';
import type { createClient } from 'redis';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createRedisStores } from './stores.ts';
import { startTestRedis, type TestRedis } from './test-redis.ts';

let redis: TestRedis;
let clients: ReturnType<typeof createClient>[];
let turn = 0;

beforeAll(async () => {
  redis = await startTestRedis();
  clients = await Promise.all([redis.connect(), redis.connect(), redis.connect()]);
});
afterAll(() => redis.close());

/** The stores of another process at every call. */
const stores = () => createRedisStores(clients[turn++ % clients.length] as (typeof clients)[0]);

describe.concurrent('on a real Redis, from several connections', () => {
  const cases = [
    ...refreshLockContract(() => stores().refresh.lock),
    ...successorStoreContract(() => stores().refresh.successors),
    ...sessionStoreContract(() => stores().store),
    ...tombstoneStoreContract(() => stores().tombstones),
    ...replayStoreContract(() => stores().replay),
  ];
  for (const { name, run } of cases) test(name, { timeout: 60_000 }, run);
});
