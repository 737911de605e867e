import type { SessionRecord } from '@countersign/core/session';
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRedisStores } from '../src/stores.ts';
import { servers, startTestRedis, type TestRedis } from './support/redis.ts';

const expiresAt = Math.floor(Date.now() / 1000) + 3600;

const record = (sub: string): SessionRecord => ({
  version: 1,
  value: `sealed for ${sub}`,
  issuer: 'https://op.example',
  sub,
  expiresAt,
});
const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);
const slots = [
  [0, 5460],
  [5461, 10922],
  [10923, 16383],
] as const;

describe.each(servers)('$name, a cluster of three masters', (server) => {
  let nodes: TestRedis[];
  let cluster: ReturnType<typeof createCluster>;
  const health = async (node: TestRedis) =>
    String(await (await node.connect()).sendCommand(['CLUSTER', 'INFO']));

  beforeAll(async () => {
    nodes = await Promise.all(slots.map(() => startTestRedis({ cluster: true, server })));
    const [first, ...others] = await Promise.all(nodes.map((node) => node.connect()));
    for (const [index, client] of [first, ...others].entries())
      await client?.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', ...(slots[index] ?? []).map(String)]);
    for (const node of nodes.slice(1))
      await first?.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(node.port)]);
    for (const node of nodes)
      await vi.waitFor(async () => expect(await health(node)).toContain('cluster_state:ok'), {
        timeout: 30_000,
        interval: 100,
      });
    cluster = createCluster({
      rootNodes: nodes.map(({ url }) => ({ url })),
      defaults: { socket: { reconnectStrategy: () => 50 } },
    });
    cluster.on('error', () => {});
    await cluster.connect();
  }, 60_000);
  afterAll(async () => {
    cluster?.destroy();
    await Promise.all(nodes.map((node) => node.close()));
  });

  test('keeps all records, and restores no deleted session, when a node is killed and restarted', {
    timeout: 60_000,
  }, async () => {
    const { store, tombstones, refresh, replay } = createRedisStores(cluster, { commandTimeout: 1_000 });
    for (const sub of users) {
      expect(await store.set(sub, record(sub), 0)).toBe(true);
      await refresh.successors.set(sub, `successor of ${sub}`, 600_000);
      await tombstones.set(sub, 7, 600_000);
      expect(await replay.claim(sub, 600_000)).toBe(true);
    }
    await store.set('ended', record('ended'), 0);
    await store.delete('ended');

    await nodes[1]?.kill();
    // While a third of the slots is unavailable, a read returns the record or fails. It never returns undefined.
    const readsDuringOutage = await Promise.allSettled(users.map((sub) => store.get(sub)));
    const failed = readsDuringOutage.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const [index, read] of readsDuringOutage.entries()) {
      if (read.status === 'fulfilled') expect(read.value).toEqual(record(users[index] ?? ''));
      else expect(read.reason).toMatchObject({ name: 'TransportError', code: 'store_unavailable' });
    }

    await nodes[1]?.start();
    await vi.waitFor(
      async () => {
        for (const sub of users) expect(await store.get(sub)).toEqual(record(sub));
      },
      { timeout: 40_000, interval: 200 },
    );
    for (const sub of users) {
      expect(await refresh.successors.get(sub)).toBe(`successor of ${sub}`);
      expect(await tombstones.latest([sub])).toBe(7);
      expect(await replay.claim(sub, 600_000)).toBe(false);
      // The stored version is still the current one.
      expect(await store.set(sub, { ...record(sub), version: 2 }, 0)).toBe(false);
      expect(await store.set(sub, { ...record(sub), version: 2 }, 1)).toBe(true);
    }
    expect(await store.get('ended')).toBeUndefined();
    expect(await store.set('ended', record('ended'), 0)).toBe(false);
    // Locks can be acquired and released on each node.
    for (const sub of users) {
      const attempt = { owner: 'a', timeToLive: 5_000, wait: 100 };
      expect(await refresh.lock.acquire(sub, attempt)).toBe(true);
      await refresh.lock.release(sub, 'a');
    }
  });
});
