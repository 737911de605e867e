import {
  refreshLockContract,
  replayStoreContract,
  sessionStoreContract,
  successorStoreContract,
  tombstoneStoreContract,
} from '@countersign/testing/contracts';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { migrate } from '../src/schema/migrate.ts';
import { createSqlStores } from '../src/stores.ts';
import { type TestDatabase, testDatabases } from './support/databases.ts';

describe.each(testDatabases)('on $name', ({ open }) => {
  let server: TestDatabase;
  beforeAll(async () => {
    server = await open();
    // Several processes can start at once.
    await Promise.all(server.databases.map((database) => migrate(database)));
  }, 120_000);
  afterAll(() => server?.close());

  let calls = 0;
  /** Each call returns stores on the next connection, like another process. */
  const createStores = () => {
    const { databases } = server;
    return createSqlStores(databases[calls++ % databases.length] as (typeof databases)[number]);
  };
  describe.concurrent('the stores pass the contracts', () => {
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
