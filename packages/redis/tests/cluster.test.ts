import {
  refreshLockContract,
  replayStoreContract,
  sessionStoreContract,
  successorStoreContract,
  tombstoneStoreContract,
} from '@countersign/testing/contracts';
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRedisStores } from '../src/stores.ts';
import { servers, startTestRedis, type TestRedis } from './support/redis.ts';

describe.each(servers)('$name', (server) => {
  let nodes: TestRedis[];
  let cluster: ReturnType<typeof createCluster>;

  beforeAll(async () => {
    nodes = await Promise.all([
      startTestRedis({ cluster: true, server }),
      startTestRedis({ cluster: true, server }),
    ]);
    const [one, two] = await Promise.all(nodes.map((node) => node.connect()));
    await one?.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '8191']);
    await two?.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '8192', '16383']);
    await one?.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(nodes[1]?.port)]);
    for (const node of [one, two])
      await vi.waitFor(
        async () =>
          expect(String(await node?.sendCommand(['CLUSTER', 'INFO']))).toContain('cluster_state:ok'),
        { timeout: 30_000, interval: 100 },
      );
    cluster = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) });
    cluster.on('error', () => {});
    await cluster.connect();
  }, 60_000);
  afterAll(async () => {
    cluster?.destroy();
    await Promise.all(nodes.map((node) => node.close()));
  });

  describe.concurrent('on a cluster of two nodes', () => {
    const createStores = () => createRedisStores(cluster);
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
