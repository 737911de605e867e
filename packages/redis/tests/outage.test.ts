import type { SessionRecord } from '@countersign/core/session';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRedisStores } from '../src/stores.ts';
import { servers, startTestRedis, type TestRedis } from './support/redis.ts';

const record: SessionRecord = {
  version: 1,
  value: 'sealed',
  issuer: 'https://op.example',
  sub: 'alice',
  expiresAt: Math.floor(Date.now() / 1000) + 3600,
};

/** Returns a call of each method of each store. The key `key-of-a-session` must not appear in errors. */
function listCalls({ store, tombstones, replay, refresh }: ReturnType<typeof createRedisStores>) {
  const attempt = { owner: 'a', timeToLive: 1_000, wait: 100 };
  return [
    () => store.get('key-of-a-session'),
    () => store.set('key-of-a-session', record, 0),
    () => store.delete('key-of-a-session'),
    () => store.deleteWhere({ issuer: 'i', sub: 's' }),
    () => tombstones.set('k', 1, 1_000),
    () => tombstones.latest(['k']),
    () => replay.claim('claimed', 60_000),
    () => replay.has('claimed'),
    () => refresh.lock.acquire('k', attempt),
    () => refresh.lock.renew?.('k', attempt),
    () => refresh.lock.release('k', 'a'),
    () => refresh.successors.get('k'),
    () => refresh.successors.set('k', 'v', 1_000),
  ];
}

const unavailable = { name: 'TransportError', code: 'store_unavailable' };

describe.each(servers)('$name is unavailable', (server) => {
  let redis: TestRedis;
  beforeEach(async () => {
    redis = await startTestRedis({ server });
  });
  afterEach(() => redis.close());

  test('rejects each call with store_unavailable, and keeps all records after a restart', {
    timeout: 30_000,
  }, async () => {
    const client = await redis.connect();
    const stores = createRedisStores(client);
    await stores.store.set('kept', record, 0);
    await stores.store.set('ended', record, 0);
    await stores.store.delete('ended');
    await redis.kill();
    await vi.waitFor(() => expect(client.isReady).toBe(false));
    for (const call of listCalls(stores)) {
      const error = await call()?.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject(unavailable);
      expect(JSON.stringify(error) + (error as Error).message).not.toContain('key-of-a-session');
    }
    await redis.start();
    await vi.waitFor(async () => expect(await stores.store.get('kept')).toEqual(record), { timeout: 10_000 });
    expect(await stores.store.get('ended')).toBeUndefined();
    expect(await stores.store.set('ended', record, 0)).toBe(false);
    // Failed commands are not queued, and do not run later.
    expect(await stores.replay.claim('claimed', 60_000)).toBe(true);
  });

  test('rejects each call after the timeout when the server does not respond', {
    timeout: 30_000,
  }, async () => {
    const client = await redis.connect();
    const stores = createRedisStores(client, { commandTimeout: 100 });
    redis.freeze(true);
    try {
      for (const call of listCalls(stores)) await expect(call()).rejects.toMatchObject(unavailable);
    } finally {
      redis.freeze(false);
    }
    await vi.waitFor(async () => expect(await stores.replay.claim('fresh', 1_000)).toBe(true), {
      timeout: 10_000,
    });
  });
});

describe('createRedisStores()', () => {
  test.each([
    ['a missing client', undefined, {}],
    ['a client of another package', { get: () => {} }, {}],
    ['a timeout of 0', { get: () => {}, eval: () => {} }, { commandTimeout: 0 }],
  ])('rejects %s', (_, client, options) => {
    expect(() => createRedisStores(client as never, options)).toThrow(/redis package|commandTimeout/);
  });
});
