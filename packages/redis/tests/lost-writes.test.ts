import type { SessionRecord } from '@countersign/core/session';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisSessionStore } from '../src/session-store.ts';
import { servers, startTestRedis, type TestRedis } from './support/redis.ts';

// A write that loses against another one has already changed the index of the user's sessions.

const hour = 3_600;
const user = { issuer: 'https://op.example', sub: 'alice' };

describe.each(servers)('$name', (server) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis({ server });
  });
  afterAll(() => redis.close());

  test('S65: a logout of the user ends a session although a write with an earlier expiry has lost', async () => {
    let time = Math.floor(Date.now() / 1000);
    const store = createRedisSessionStore(await redis.connect(), { now: () => time * 1000 });
    const createRecord = (version: number, lifetime: number): SessionRecord => ({
      ...user,
      version,
      value: 'sealed',
      expiresAt: time + lifetime,
    });
    await store.set('used', createRecord(1, 4 * hour), 0);
    expect(await store.set('used', createRecord(2, 24 * hour), 1)).toBe(true);
    // A prefetch of the same moment does not extend the session.
    expect(await store.set('used', createRecord(2, 4 * hour), 1)).toBe(false);
    time += 5 * hour;
    // A write of the same user removes expired sessions from the index.
    await store.set('other', createRecord(1, 24 * hour), 0);
    expect(await store.deleteWhere(user)).toBe(2);
    for (const key of ['used', 'other']) expect(await store.get(key)).toBeUndefined();
  });
});
