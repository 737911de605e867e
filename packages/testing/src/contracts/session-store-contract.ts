import assert from 'node:assert/strict';
import type { SessionStore } from '@countersign/core/session';
import { type ContractCase, createFreshKey, eventually, type OpenStore } from './contract.ts';
import { createRecord, inAnHour } from './session-record.ts';
import { createWriteCases } from './session-write-cases.ts';

/**
 * Creates the tests that each implementation of `SessionStore` must pass, for any test runner.
 *
 * @param open opens the store under test: each call returns another handle of it, as another process would open it
 * @example
 * ```ts
 * import type { SessionStore } from '@countersign/core/session';
 * import { sessionStoreContract } from '@countersign/testing/contracts';
 *
 * async function check(open: () => SessionStore): Promise<void> {
 *   for (const { run } of sessionStoreContract(open)) await run();
 * }
 * ```
 */
export function sessionStoreContract(open: OpenStore<SessionStore>): ContractCase[] {
  return [...createWriteCases(open), ...createDeletionCases(open), ...createSearchCases(open)];
}

function createDeletionCases(open: OpenStore<SessionStore>): ContractCase[] {
  return [
    {
      name: 'S15: sessions: rejects each write after a session was deleted',
      async run() {
        const [store, other] = [await open(), await open()];
        const key = createFreshKey();
        await store.set(key, createRecord(1), 0);
        // The first response may have been lost.
        await other.delete(key);
        await store.delete(key);
        assert.equal(await store.get(key), undefined);
        for (const expected of [0, 1, 2])
          assert.equal(await store.set(key, createRecord(expected + 1), expected), false);
        assert.equal(await store.get(key), undefined);
      },
    },
    {
      name: 'S15: sessions: deletes a session despite concurrent writes',
      async run() {
        const [store, other] = [await open(), await open()];
        for (let round = 0; round < 20; round++) {
          const key = createFreshKey();
          const session = createRecord(1);
          await store.set(key, session, 0);
          const writes = Array.from({ length: 4 }, (_, i) =>
            store.set(key, { ...session, version: i + 2 }, i + 1),
          );
          const deletion = other.delete(key);
          await Promise.all([...writes, deletion]);
          assert.equal(await store.get(key), undefined);
        }
      },
    },
    {
      name: 'S15: sessions: deleteWhere deletes a session despite concurrent writes',
      async run() {
        const [store, other] = [await open(), await open()];
        for (let round = 0; round < 20; round++) {
          const key = createFreshKey();
          const session = createRecord(1);
          await store.set(key, session, 0);
          const write = (version: number) => store.set(key, { ...session, version: version + 1 }, version);
          const earlierWrites = [write(1), write(2)];
          const deletion = other.deleteWhere({ issuer: session.issuer, sub: session.sub });
          await Promise.all([...earlierWrites, write(3), write(4)]);
          assert.equal(await deletion, 1);
          assert.equal(await store.get(key), undefined);
        }
      },
    },
    {
      name: 'sessions: ignores the deletion of an unknown key',
      async run() {
        const store = await open();
        const key = createFreshKey();
        await store.delete(key);
        assert.equal(await store.get(key), undefined);
      },
    },
    {
      name: 'S3: sessions: neither returns nor updates an expired record',
      async run() {
        const store = await open();
        const key = createFreshKey();
        const expiresAt = Math.floor(Date.now() / 1000) + 2;
        const session = createRecord(1, { expiresAt });
        assert.equal(await store.set(key, session, 0), true);
        assert.equal((await store.get(key))?.version, 1);
        await eventually(async () => {
          const requestTime = Date.now() / 1000;
          const storedRecord = await store.get(key);
          assert.ok(storedRecord === undefined || requestTime < expiresAt);
          return storedRecord === undefined;
        }, 'the session expires');
        assert.equal(await store.set(key, { ...session, version: 2, expiresAt: inAnHour() }, 1), false);
        assert.equal(await store.get(key), undefined);
      },
    },
    {
      name: 'sessions: creates a session under the key of an expired record',
      async run() {
        const [store, other] = [await open(), await open()];
        const key = createFreshKey();
        const session = createRecord(1, { expiresAt: Math.floor(Date.now() / 1000) + 2 });
        assert.equal(await store.set(key, session, 0), true);
        await eventually(async () => (await other.get(key)) === undefined, 'the session expires');
        assert.equal(await other.set(key, { ...session, expiresAt: inAnHour() }, 0), true);
        assert.equal((await store.get(key))?.version, 1);
      },
    },
    {
      name: 'sessions: extends the expiry with a later write',
      async run() {
        const store = await open();
        const key = createFreshKey();
        const expiresAt = Math.floor(Date.now() / 1000) + 2;
        const session = createRecord(1, { expiresAt });
        await store.set(key, session, 0);
        assert.equal(await store.set(key, { ...session, version: 2, expiresAt: inAnHour() }, 1), true);
        await eventually(async () => Date.now() / 1000 > expiresAt + 1, 'the first expiry has passed');
        assert.equal((await store.get(key))?.version, 2);
      },
    },
  ];
}

function createSearchCases(open: OpenStore<SessionStore>): ContractCase[] {
  return [
    {
      name: 'sessions: deleteWhere deletes the sessions of one user only',
      async run() {
        const [store, other] = [await open(), await open()];
        const issuer = 'https://op.example';
        const [sub, sid] = [createFreshKey(), createFreshKey()];
        const userKeys = [createFreshKey(), createFreshKey(), createFreshKey()];
        const otherKeys = [createFreshKey(), createFreshKey()];
        await store.set(userKeys[0] as string, createRecord(1, { sub, sid }), 0);
        await store.set(userKeys[1] as string, createRecord(1, { sub, sid: createFreshKey() }), 0);
        await store.set(userKeys[2] as string, createRecord(1, { sub }), 0);
        await store.set(otherKeys[0] as string, createRecord(1), 0);
        await store.set(otherKeys[1] as string, createRecord(1, { sub, issuer: 'https://other.example' }), 0);
        assert.equal(await other.deleteWhere({ issuer, sub }), 3);
        for (const key of userKeys) assert.equal(await store.get(key), undefined);
        for (const key of otherKeys) assert.ok(await store.get(key));
        assert.equal(await store.set(userKeys[0] as string, createRecord(2, { sub }), 1), false);
        assert.equal(await other.deleteWhere({ issuer, sub }), 0);
      },
    },
    {
      name: 'sessions: deleteWhere matches by sid, and by sub and sid together',
      async run() {
        const store = await open();
        const issuer = 'https://op.example';
        const [sub, one, two] = [createFreshKey(), createFreshKey(), createFreshKey()];
        const keys = [createFreshKey(), createFreshKey(), createFreshKey()];
        await store.set(keys[0] as string, createRecord(1, { sub, sid: one }), 0);
        await store.set(keys[1] as string, createRecord(1, { sub, sid: two }), 0);
        await store.set(keys[2] as string, createRecord(1, { sub: createFreshKey(), sid: two }), 0);
        const foreignKey = createFreshKey();
        await store.set(foreignKey, createRecord(1, { sub, sid: two, issuer: 'https://other.example' }), 0);
        assert.equal(await store.deleteWhere({ issuer, sub, sid: two }), 1);
        assert.ok(await store.get(keys[0] as string));
        assert.equal(await store.get(keys[1] as string), undefined);
        assert.ok(await store.get(keys[2] as string));
        assert.equal(await store.deleteWhere({ issuer, sid: two }), 1);
        assert.equal(await store.get(keys[2] as string), undefined);
        assert.ok(await store.get(keys[0] as string));
        assert.ok(await store.get(foreignKey));
      },
    },
    {
      name: 'S65: sessions: deleteWhere with clientId deletes the sessions of this client, and those without client',
      async run() {
        const [store, other] = [await open(), await open()];
        const issuer = 'https://op.example';
        const [sub, sid] = [createFreshKey(), createFreshKey()];
        const clients = ['web', 'shop', '', undefined];
        const addRecords = () =>
          Promise.all(
            clients.map(async (clientId) => {
              const key = createFreshKey();
              await store.set(
                key,
                createRecord(1, { sub, sid, ...(clientId !== undefined && { clientId }) }),
                0,
              );
              return key;
            }),
          );
        const findRemaining = async (keys: readonly string[]) => {
          const records = await Promise.all(keys.map((key) => store.get(key)));
          return clients.filter((_, at) => records[at] !== undefined);
        };
        const matches = [
          { issuer, sub },
          { issuer, sid },
          { issuer, sub, sid },
        ];
        for (const match of matches) {
          const keys = await addRecords();
          assert.equal(await other.deleteWhere({ ...match, clientId: 'web' }), 2);
          assert.deepEqual(await findRemaining(keys), ['shop', '']);
          assert.equal(await other.deleteWhere({ ...match, clientId: 'web' }), 0);
          assert.equal(await other.deleteWhere(match), 2);
          assert.deepEqual(await findRemaining(keys), []);
        }
      },
    },
    {
      name: 'sessions: deleteWhere finds a session after its expiry was extended',
      async run() {
        const store = await open();
        const key = createFreshKey();
        const soon = Math.floor(Date.now() / 1000) + 2;
        const session = createRecord(1, { expiresAt: soon });
        await store.set(key, session, 0);
        await store.set(key, { ...session, version: 2, expiresAt: inAnHour() }, 1);
        await eventually(async () => Date.now() / 1000 > soon + 1, 'the first expiry has passed');
        assert.equal(await store.deleteWhere({ issuer: session.issuer, sub: session.sub }), 1);
        assert.equal(await store.get(key), undefined);
      },
    },
  ];
}
