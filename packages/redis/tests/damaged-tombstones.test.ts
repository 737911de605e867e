import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisStores } from '../src/stores.ts';
import { servers, startTestRedis, type TestRedis } from './support/redis.ts';

describe.each(servers)('a tombstone in $name that is not a number', (server) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis({ server });
  });
  afterAll(() => redis.close());

  test.each(['text', 'nil', '', ' '])(
    'S84: %j is an error, and the next logout replaces it',
    async (value) => {
      const client = await redis.connect();
      const { tombstones } = createRedisStores(client);
      await client.set('countersign:ended:alice', value);
      await expect(tombstones.latest(['alice'])).rejects.toMatchObject({ code: 'store_unavailable' });
      await tombstones.set('alice', 2_000, 60_000);
      expect(await tombstones.latest(['alice'])).toBe(2_000);
    },
  );
});
