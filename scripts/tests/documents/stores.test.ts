import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectedRedis, connectRedis } from '../../../packages/redis/src/connect-redis.ts';
import { createRedisStores } from '../../../packages/redis/src/stores.ts';
import { servers, startTestRedis, type TestRedis } from '../../../packages/redis/tests/support/redis.ts';
import { root } from '../../lib/processes/process.ts';

const readPage = (page: string) => readFileSync(join(root, page), 'utf8');

const readSources = (pattern: string) =>
  globSync(pattern, { cwd: root, exclude: (name) => name.endsWith('.test.ts') })
    .map(readPage)
    .join('\n');

const page = readPage('docs/guides/stores.md');

/** The line of the access control list, without `ACL SETUSER`. */
const [, user = '', rules = ''] = /^ACL SETUSER (\w+) (.+)$/m.exec(page) ?? [];
const commands = [...rules.matchAll(/\+(\S+)/g)].map(([, command = '']) => command);

/** `connectRedis()` sends it, and needs no successful reply. */
const optionalCommand = 'ping';

/** A call of each method of each store. */
function listCalls(
  { store, tombstones, replay, refresh }: ReturnType<typeof createRedisStores>,
  key: string,
) {
  const attempt = { owner: 'a', timeToLive: 1_000, wait: 0 };
  const match = { issuer: 'https://op.example', sub: 'alice' };
  const record = { ...match, version: 1, value: 'sealed', expiresAt: Math.floor(Date.now() / 1000) + 3600 };
  return [
    () => store.set(key, { ...record, sid: 's', clientId: 'web' }, 0),
    () => store.get(key),
    () => store.set(key, { ...record, version: 2 }, 1),
    () => store.deleteWhere(match),
    () => store.delete(key),
    () => tombstones.set(key, 1, 60_000),
    () => tombstones.latest([key]),
    () => replay.claim(key, 60_000),
    () => replay.has(key),
    () => replay.release?.(key),
    () => refresh.lock.acquire(key, attempt),
    () => refresh.lock.renew?.(key, attempt),
    () => refresh.lock.release(key, 'a'),
    () => refresh.successors.set(key, 'value', 60_000),
    () => refresh.successors.get(key),
  ];
}

test('the access control list has the commands of the scripts', () => {
  const scripts = readSources('packages/redis/src/**/*.ts');
  const called = [...scripts.matchAll(/redis\.call\('(\w+)'/g)].map(([, command = '']) =>
    command.toLowerCase(),
  );
  expect(called.length).toBeGreaterThan(20);
  expect([...commands].sort()).toEqual([...new Set([...called, 'eval', 'get', optionalCommand])].sort());
});

describe.each(servers)('the access control list in $name', (server) => {
  let redis: TestRedis;
  let client: ConnectedRedis;
  let calls = 0;
  beforeAll(async () => {
    redis = await startTestRedis({ server });
    const password = /(?<=>)\S+/.exec(rules)?.[0] ?? '';
    await setUser(...rules.split(' '));
    client = await connectRedis(redis.url, { username: user, password, onChange() {} });
  });
  afterAll(async () => {
    await client?.close();
    await redis?.close();
  });
  const setUser = async (...parameters: string[]) =>
    (await redis.connect()).sendCommand(['ACL', 'SETUSER', user, ...parameters]);
  /** Returns the messages of the calls that fail. */
  async function runCalls({ prefix = 'countersign' } = {}): Promise<string[]> {
    const messages: string[] = [];
    for (const call of listCalls(createRedisStores(client, { prefix }), `key ${calls++}`))
      await Promise.resolve(call()).catch((error: unknown) => messages.push((error as Error).message));
    return messages;
  }

  test('suffices for each call', async () => {
    expect(await runCalls()).toEqual([]);
  });

  test.each(commands.filter((command) => command !== optionalCommand))(
    'a call fails without the right to %s, and ACL LOG names it',
    async (command) => {
      await setUser(`-${command}`);
      const messages = await runCalls();
      const log = JSON.stringify(await (await redis.connect()).sendCommand(['ACL', 'LOG', '100']));
      await setUser(`+${command}`);
      expect(messages).not.toEqual([]);
      for (const message of messages) expect(message).toMatch(/^Redis failed( \(NOPERM\))?$/);
      expect(log).toContain(JSON.stringify(command));
    },
  );

  test('permits no keys of another prefix', async () => {
    const messages = await runCalls({ prefix: 'other' });
    expect(messages).toHaveLength(15);
    expect([...new Set(messages)]).toEqual(['Redis failed (NOPERM)']);
  });

  test('needs the right to wait with the option "replicas"', async () => {
    const claim = () => createRedisStores(client, { replicas: 1 }).replay.claim(`key ${calls++}`, 60_000);
    await expect(claim()).rejects.toThrow('Redis failed (NOPERM)');
    await setUser('+wait');
    // The server has no replica.
    await expect(claim()).rejects.toThrow('Redis has a write that 0 of 1 replicas have confirmed');
  });
});

test('the grants have the statements of the stores, on each table', () => {
  const sources = readSources('packages/sql/src/{stores,schema}/*.ts');
  const statements = [...sources.matchAll(/sql`\s*(select|insert|update|delete)\b/g)].map(([, verb]) => verb);
  const expected = [...new Set(statements)].sort();
  const tables = [
    ...readPage('packages/sql/migrations/postgresql.sql').matchAll(/create table .* (\w+) \(/g),
  ];
  const names = tables.map(([, name = '']) => name).sort();
  expect(names).toHaveLength(5);
  const grants = [...page.matchAll(/^grant ([a-z, ]+) on ([\w., ]+) to /gim)].filter(
    ([, verbs]) => verbs !== 'usage',
  );
  expect(grants.length).toBeGreaterThan(1);
  for (const [, verbs = ''] of grants) expect(verbs.split(', ').sort()).toEqual(expected);
  const granted = grants.flatMap(([, , list = '']) => list.split(', ').map((name) => name.split('.').pop()));
  for (const name of names) expect(granted.filter((each) => each === name)).toHaveLength(2);
});

test('each event and each code of a reply exists', () => {
  const events = [...readPage('docs/events.md').matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name);
  const named = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)`/gm)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((name) => !events.includes(name))).toEqual([]);
  const codes = /\(\?:(BUSY[A-Z|]+)\)/.exec(readPage('packages/redis/src/failure.ts'))?.[1]?.split('|') ?? [];
  const rows = [...page.matchAll(/^\| ((?:`[A-Z]{3,}`(?:, )?)+) \|/gm)].map(([, row = '']) => row);
  const namedCodes = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, code]) => code));
  expect(namedCodes.sort()).toEqual(codes.sort());
});
