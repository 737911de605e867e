import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleteExpired } from '../src/schema/clean-up.ts';
import { migrate } from '../src/schema/migrate.ts';
import { createSqlStores } from '../src/stores.ts';
import { type TestDatabase, testDatabases } from './support/databases.ts';

describe.each(testDatabases)('on $name', ({ open }) => {
  let server: TestDatabase;
  beforeAll(async () => {
    server = await open();
    await migrate(server.databases[0] as (typeof server.databases)[number]);
  }, 120_000);
  afterAll(() => server?.close());

  test('deletes expired sessions of several batches, and nothing else', async () => {
    const [database] = server.databases as [(typeof server.databases)[number]];
    const time = 2_000_000_000;
    const { store } = createSqlStores(database, { now: () => time * 1000, cleanUpInterval: 0 });
    const record = { version: 1, value: 'sealed', issuer: 'https://id.example', sub: 'alice' };
    const add = (key: string, expiresAt: number) => store.set(key, { ...record, expiresAt }, 0);
    for (let added = 0; added < 1_100; added += 50)
      await Promise.all(Array.from({ length: 50 }, (_, index) => add(`expired ${added + index}`, time + 10)));
    await add('live', time + 10_000);
    const later = { now: () => (time + 1_000) * 1000 };
    expect(await deleteExpired(database, later)).toBe(1_100);
    expect(await deleteExpired(database, later)).toBe(0);
    expect(await createSqlStores(database, later).store.get('live')).toMatchObject({ sub: 'alice' });
  });

  test('S15: a deleted session stays deleted until its expiry, and its row contains nothing of the user', async () => {
    const [database] = server.databases as [(typeof server.databases)[number]];
    const time = 2_100_000_000;
    const { store } = createSqlStores(database, { now: () => time * 1000, cleanUpInterval: 0 });
    const record = {
      version: 1,
      value: 'sealed',
      issuer: 'https://id.example',
      sub: 'bob',
      expiresAt: time + 10,
    };
    // What the test above has left.
    await deleteExpired(database, { now: () => time * 1000 });
    await store.set('ended', record, 0);
    await store.delete('ended');
    expect(await deleteExpired(database, { now: () => time * 1000 })).toBe(0);
    expect(await store.set('ended', { ...record, version: 2 }, 1)).toBe(false);
    expect(await store.set('ended', record, 0)).toBe(false);
    const rows = await database.select('select * from countersign_sessions where ended = 1', []);
    expect(JSON.stringify(rows)).not.toMatch(/bob|sealed|id\.example/);
  });
});
