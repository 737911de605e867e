import assert from 'node:assert/strict';
import type { SessionRecord, SessionStore } from '@countersign/core/session';
import { type ContractCase, createFreshKey, eventually, type OpenStore } from './contract.ts';

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

function record(version: number, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    version,
    value: `sealed ${version}`,
    issuer: 'https://op.example',
    sub: createFreshKey(),
    expiresAt: inAnHour(),
    ...changes,
  };
}

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

function createWriteCases(open: OpenStore<SessionStore>): ContractCase[] {
  return [
    {
      name: 'sessions: returns a written record unchanged to all processes',
      async run() {
        const [store, other] = [await open(), await open()];
        const key = createFreshKey();
        assert.equal(await other.get(key), undefined);
        const writtenRecord = record(1, {
          sid: 'a "sid"',
          sub: 'user:{1}|\u00e9',
          clientId: 'client "1"',
          value: 'v'.repeat(9_000),
        });
        assert.equal(await store.set(key, writtenRecord, 0), true);
        assert.deepEqual({ ...(await other.get(key)) }, writtenRecord);
        const without = record(1);
        const second = createFreshKey();
        await store.set(second, without, 0);
        assert.deepEqual({ ...(await other.get(second)) }, without);
      },
    },
    {
      name: 'sessions: creates a session only under an unused key, and updates it only with the current version',
      async run() {
        const store = await open();
        const key = createFreshKey();
        assert.equal(await store.set(key, record(2), 1), false);
        assert.equal(await store.get(key), undefined);
        assert.equal(await store.set(key, record(1), 0), true);
        assert.equal(await store.set(key, record(1), 0), false);
        assert.equal(await store.set(key, record(2), 1), true);
        assert.equal(await store.set(key, record(2, { value: 'late' }), 1), false);
        assert.equal((await store.get(key))?.value, 'sealed 2');
      },
    },
    {
      name: 'sessions: accepts one of many concurrent writes of the same version',
      async run() {
        const handles = await Promise.all([open(), open()]);
        const key = createFreshKey();
        const session = record(1);
        await handles[0]?.set(key, session, 0);
        for (let version = 1; version <= 5; version++) {
          const results = await Promise.all(
            Array.from({ length: 10 }, (_, i) =>
              (handles[i % 2] as SessionStore).set(
                key,
                { ...session, version: version + 1, value: `writer ${i}` },
                version,
              ),
            ),
          );
          assert.equal(results.filter(Boolean).length, 1);
          assert.equal((await handles[1]?.get(key))?.value, `writer ${results.indexOf(true)}`);
        }
      },
    },
  ];
}

function createDeletionCases(open: OpenStore<SessionStore>): ContractCase[] {
  return [
    {
      name: 'S15: sessions: rejects each write after a session was deleted',
      async run() {
        const [store, other] = [await open(), await open()];
        const key = createFreshKey();
        await store.set(key, record(1), 0);
        await other.delete(key);
        assert.equal(await store.get(key), undefined);
        for (const expected of [0, 1, 2])
          assert.equal(await store.set(key, record(expected + 1), expected), false);
        assert.equal(await store.get(key), undefined);
      },
    },
    {
      name: 'S15: sessions: deletes a session despite concurrent writes',
      async run() {
        const [store, other] = [await open(), await open()];
        for (let round = 0; round < 20; round++) {
          const key = createFreshKey();
          const session = record(1);
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
        const session = record(1, { expiresAt });
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
      name: 'sessions: extends the expiry with a later write',
      async run() {
        const store = await open();
        const key = createFreshKey();
        const expiresAt = Math.floor(Date.now() / 1000) + 2;
        const session = record(1, { expiresAt });
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
        await store.set(userKeys[0] as string, record(1, { sub, sid }), 0);
        await store.set(userKeys[1] as string, record(1, { sub, sid: createFreshKey() }), 0);
        await store.set(userKeys[2] as string, record(1, { sub }), 0);
        await store.set(otherKeys[0] as string, record(1), 0);
        await store.set(otherKeys[1] as string, record(1, { sub, issuer: 'https://other.example' }), 0);
        assert.equal(await other.deleteWhere({ issuer, sub }), 3);
        for (const key of userKeys) assert.equal(await store.get(key), undefined);
        for (const key of otherKeys) assert.ok(await store.get(key));
        assert.equal(await store.set(userKeys[0] as string, record(2, { sub }), 1), false);
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
        await store.set(keys[0] as string, record(1, { sub, sid: one }), 0);
        await store.set(keys[1] as string, record(1, { sub, sid: two }), 0);
        await store.set(keys[2] as string, record(1, { sub: createFreshKey(), sid: two }), 0);
        assert.equal(await store.deleteWhere({ issuer, sub, sid: two }), 1);
        assert.ok(await store.get(keys[0] as string));
        assert.equal(await store.get(keys[1] as string), undefined);
        assert.ok(await store.get(keys[2] as string));
        assert.equal(await store.deleteWhere({ issuer, sid: two }), 1);
        assert.equal(await store.get(keys[2] as string), undefined);
        assert.ok(await store.get(keys[0] as string));
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
              await store.set(key, record(1, { sub, sid, ...(clientId !== undefined && { clientId }) }), 0);
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
        const session = record(1, { expiresAt: soon });
        await store.set(key, session, 0);
        await store.set(key, { ...session, version: 2, expiresAt: inAnHour() }, 1);
        await eventually(async () => Date.now() / 1000 > soon + 1, 'the first expiry has passed');
        assert.equal(await store.deleteWhere({ issuer: session.issuer, sub: session.sub }), 1);
        assert.equal(await store.get(key), undefined);
      },
    },
  ];
}
