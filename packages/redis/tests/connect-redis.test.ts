import { execFileSync } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { connectRedis } from '../src/connect-redis.ts';
import { createRedisStores } from '../src/stores.ts';
import { startTestRedis, type TestRedis } from './support/redis.ts';

let redis: TestRedis;
beforeEach(async () => {
  redis = await startTestRedis();
});
afterEach(() => redis.close());

/** A TCP proxy that can stop to forward, as a firewall that forgets a connection. */
async function startProxy(port: number) {
  const pairs: { client: Socket; server: Socket; isForgotten: boolean }[] = [];
  const proxy: Server = createServer((client) => {
    const { connect } = process.getBuiltinModule('node:net');
    const pair = { client, server: connect(port, '127.0.0.1'), isForgotten: false };
    pairs.push(pair);
    client.on('data', (data) => pair.isForgotten || pair.server.write(data)).on('error', () => {});
    pair.server.on('data', (data) => pair.isForgotten || client.write(data)).on('error', () => {});
    client.on('close', () => pair.server.destroy());
    pair.server.on('close', () => pair.isForgotten || client.destroy());
  });
  const own = await findFreePort();
  await new Promise<void>((resolve) => proxy.listen(own, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${own}`,
    forgetConnections() {
      for (const pair of pairs) pair.isForgotten = true;
    },
    close() {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      proxy.close();
    },
  };
}

test('connects, and the stores work', async () => {
  const client = await connectRedis(redis.url);
  expect(await createRedisStores(client).replay.claim('key', 1_000)).toBe(true);
  await client.close();
});

test('reports the loss of the connection, and its return', async () => {
  const messages: string[] = [];
  const client = await connectRedis(redis.url, { onChange: (message) => messages.push(message) });
  await redis.kill();
  await vi.waitFor(() => expect(messages).toHaveLength(1));
  await redis.start();
  await vi.waitFor(() => expect(messages).toHaveLength(2), { timeout: 10_000 });
  expect(messages).toEqual([
    `countersign: The connection to Redis at 127.0.0.1:${redis.port} was lost: the server closed the connection. It is tried again.`,
    `countersign: Redis at 127.0.0.1:${redis.port} is connected again.`,
  ]);
  await client.close();
});

test('connects again when a firewall has forgotten the connection', { timeout: 30_000 }, async () => {
  const proxy = await startProxy(redis.port);
  const client = await connectRedis(proxy.url, { connectTimeout: 500, onChange() {} });
  const { replay } = createRedisStores(client, { commandTimeout: 200 });
  expect(await replay.claim('before', 60_000)).toBe(true);
  proxy.forgetConnections();
  await expect(replay.claim('lost', 60_000)).rejects.toMatchObject({ code: 'store_unavailable' });
  await vi.waitFor(async () => expect(await replay.claim('after', 60_000)).toBe(true), { timeout: 20_000 });
  await client.close();
  proxy.close();
});

test('an unset, invalid or foreign URL is an error that does not contain it', async () => {
  for (const url of [undefined, '', 'localhost', 'http://user:hidden@localhost', 'redis//:hidden@x']) {
    const error = await connectRedis(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'invalid_option' });
    expect(String(error)).not.toContain('hidden');
  }
});

test('one sentence names what is wrong', { timeout: 60_000 }, async () => {
  const listening = createServer((socket) => socket.on('error', () => {}));
  const silentPort = await findFreePort();
  await new Promise<void>((resolve) => listening.listen(silentPort, '127.0.0.1', resolve));
  const observer = await redis.connect();
  await observer.sendCommand(['ACL', 'SETUSER', 'app', 'on', '>right', '~*', '+@all']);
  await observer.sendCommand(['CONFIG', 'SET', 'requirepass', 'right']);
  const freePort = await findFreePort();
  for (const [url, message] of [
    [
      `redis://127.0.0.1:${freePort}`,
      `Redis at 127.0.0.1:${freePort} cannot be used: nothing listens there (ECONNREFUSED).`,
    ],
    [
      'redis://no-such-host.invalid',
      'Redis at no-such-host.invalid:6379 cannot be used: the name of the host is unknown (ENOTFOUND).',
    ],
    [
      `redis://127.0.0.1:${silentPort}`,
      `Redis at 127.0.0.1:${silentPort} did not respond within 700 ms. If it uses TLS, the URL begins with rediss:`,
    ],
    [
      `rediss://127.0.0.1:${redis.port}`,
      `Redis at 127.0.0.1:${redis.port} did not respond within 700 ms. If it does not use TLS, the URL begins with redis:`,
    ],
    [
      `redis://app:wrong@127.0.0.1:${redis.port}`,
      `Redis at 127.0.0.1:${redis.port} cannot be used: the user or the password is wrong (WRONGPASS).`,
    ],
    [
      `redis://127.0.0.1:${redis.port}`,
      `Redis at 127.0.0.1:${redis.port} cannot be used: it requires a password (NOAUTH).`,
    ],
  ] as const)
    await expect(connectRedis(url, { connectTimeout: 700 }), url).rejects.toMatchObject({
      name: 'TransportError',
      code: 'store_unavailable',
      message,
    });
  listening.close();
});

test('an application without a listener does not end when Redis does', { timeout: 30_000 }, () => {
  const script = `
    import { connectRedis } from '@countersign/redis';
    const redis = await connectRedis('redis://127.0.0.1:${redis.port}');
    process.kill(${redis.processId}, 'SIGKILL');
    while (redis.isReady) await new Promise((resolve) => setImmediate(resolve));
    console.log('alive');
    process.exit(0);`;
  const output = execFileSync(
    process.execPath,
    ['--conditions=@countersign/source', '--input-type=module', '--eval', script],
    { encoding: 'utf8', cwd: import.meta.dirname },
  );
  expect(output).toContain('alive');
});
