import assert from 'node:assert/strict';
import type { SessionStore } from '@countersign/core/session';
import { type ContractCase, createFreshKey, type OpenStore } from './contract.ts';
import { createRecord, inAnHour } from './session-record.ts';

/** Creates the tests of `get` and `set`. */
export function createWriteCases(open: OpenStore<SessionStore>): ContractCase[] {
  return [
    {
      name: 'sessions: returns a written record unchanged to all processes',
      async run() {
        const [store, other] = [await open(), await open()];
        const key = createFreshKey();
        assert.equal(await other.get(key), undefined);
        const writtenRecord = createRecord(1, {
          sid: 'a "sid"',
          sub: 'user:{1}|\u00e9',
          clientId: 'client "1"',
          value: 'v'.repeat(9_000),
        });
        assert.equal(await store.set(key, writtenRecord, 0), true);
        assert.deepEqual({ ...(await other.get(key)) }, writtenRecord);
        const without = createRecord(1);
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
        assert.equal(await store.set(key, createRecord(2), 1), false);
        assert.equal(await store.get(key), undefined);
        assert.equal(await store.set(key, createRecord(1), 0), true);
        assert.equal(await store.set(key, createRecord(1), 0), false);
        assert.equal(await store.set(key, createRecord(2), 1), true);
        assert.equal(await store.set(key, createRecord(2, { value: 'late' }), 1), false);
        assert.equal((await store.get(key))?.value, 'sealed 2');
      },
    },
    {
      name: 'sessions: accepts one of many concurrent writes of the same version',
      async run() {
        const handles = await Promise.all([open(), open()]);
        const key = createFreshKey();
        const session = createRecord(1);
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
    {
      name: 'sessions: accepts one of many concurrent writes of a new session',
      async run() {
        const handles = await Promise.all([open(), open()]);
        const key = createFreshKey();
        const session = createRecord(1);
        const results = await Promise.all(
          Array.from({ length: 10 }, (_, i) =>
            (handles[i % 2] as SessionStore).set(key, { ...session, value: `writer ${i}` }, 0),
          ),
        );
        assert.equal(results.filter(Boolean).length, 1);
        assert.equal((await handles[1]?.get(key))?.value, `writer ${results.indexOf(true)}`);
      },
    },
    {
      name: 'sessions: changes nothing with a write that returns false',
      async run() {
        const [store, other] = [await open(), await open()];
        const key = createFreshKey();
        const session = createRecord(1, { sid: createFreshKey() });
        await store.set(key, session, 0);
        const rejected = createRecord(6, { sid: createFreshKey(), expiresAt: inAnHour() - 3000 });
        const { issuer, sub, sid } = rejected;
        for (const expected of [0, 5]) assert.equal(await other.set(key, rejected, expected), false);
        assert.deepEqual({ ...(await store.get(key)) }, session);
        assert.equal(await store.deleteWhere({ issuer, sub }), 0);
        assert.equal(await store.deleteWhere({ issuer, sid: sid as string }), 0);
        assert.equal(await store.deleteWhere({ issuer, sub: session.sub }), 1);
      },
    },
    {
      name: 'sessions: replaces every member with a write, including members that the new record does not have',
      async run() {
        const [store, other] = [await open(), await open()];
        const key = createFreshKey();
        const [sub, sid] = [createFreshKey(), createFreshKey()];
        await store.set(key, createRecord(1, { sub, sid, clientId: 'web' }), 0);
        const session = createRecord(2);
        assert.equal(await store.set(key, session, 1), true);
        assert.deepEqual({ ...(await other.get(key)) }, session);
        const { issuer } = session;
        assert.equal(await other.deleteWhere({ issuer, sid }), 0);
        assert.equal(await other.deleteWhere({ issuer, sub }), 0);
        assert.equal(await other.deleteWhere({ issuer, sub: session.sub }), 1);
      },
    },
  ];
}
