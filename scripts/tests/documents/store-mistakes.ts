import { createMemorySuccessorStore, type RefreshLock } from '../../../packages/core/src/index.ts';
import {
  createMemoryReplayStore,
  createMemoryTombstoneStore,
  type ReplayStore,
  type SessionStore,
} from '../../../packages/core/src/session/index.ts';
import {
  type ContractCase,
  refreshLockContract,
  replayStoreContract,
  successorStoreContract,
  tombstoneStoreContract,
} from '../../../packages/testing/src/contracts/index.ts';

/** A replacement in the code of the guide's example. */
export type Edit = readonly [previous: string, next: string];

export type Wrap = (store: SessionStore) => SessionStore;

/** Creates the suite of session stores for the example, after edits of its code. */
type CreateExampleCases = (edits: readonly Edit[], wrap?: Wrap) => Promise<readonly ContractCase[]>;

const withoutVersion: Edit = ['version = :expectedVersion and', ':expectedVersion > 0 and'];
const writtenValues = '(:version, :value, :issuer, :sub, :sid, :clientId, :expiresAt, 0)`;';

/** Reads a session before each write of one kind, and rejects the write if the version is different. */
const compareFirst =
  (isCompared: (expectedVersion: number) => boolean): Wrap =>
  (store) => ({
    ...store,
    async set(key, record, expectedVersion) {
      const version = (await store.get(key))?.version ?? 0;
      if (isCompared(expectedVersion) && version !== expectedVersion) return false;
      return store.set(key, record, expectedVersion);
    },
  });

const readFromCache: Wrap = (store) => {
  const cache = new Map<string, ReturnType<SessionStore['get']>>();
  return {
    ...store,
    get(key) {
      const cachedRecord = cache.get(key) ?? store.get(key);
      cache.set(key, cachedRecord);
      return cachedRecord;
    },
  };
};

/** Keys of sessions by user, for all handles. */
const keysByUser = new Map<string, string[]>();

const deleteUnchanged: Wrap = (store) => ({
  ...store,
  set(key, record, expectedVersion) {
    keysByUser.set(record.sub, [...(keysByUser.get(record.sub) ?? []), key]);
    return store.set(key, record, expectedVersion);
  },
  async deleteWhere({ sub = '' }) {
    let count = 0;
    for (const key of new Set(keysByUser.get(sub))) {
      const listedRecord = await store.get(key);
      const currentRecord = await store.get(key);
      if (!currentRecord || currentRecord.version !== listedRecord?.version) continue;
      await store.delete(key);
      count++;
    }
    return count;
  },
});

/** A lock of one process whose parts a test replaces. */
function createLock(changes: (owners: Map<string, string>) => Partial<RefreshLock>): RefreshLock {
  const owners = new Map<string, string>();
  return {
    async acquire(key, { owner, wait }) {
      const end = performance.now() + wait;
      while (owners.has(key)) {
        if (performance.now() > end) return false;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      owners.set(key, owner);
      return true;
    },
    async release(key, owner) {
      if (owners.get(key) === owner) owners.delete(key);
    },
    ...changes(owners),
  };
}

const changeReplayStore = (changes: (store: Required<ReplayStore>) => Partial<ReplayStore>) => {
  const store = createMemoryReplayStore() as Required<ReplayStore>;
  return replayStoreContract(() => ({ ...store, ...changes(store) }));
};

/** Each mistake of the table that a suite finds, made in the example or in a store in memory. */
export const createMistakes = (
  createExampleCases: CreateExampleCases,
): Readonly<Record<string, () => readonly ContractCase[] | Promise<readonly ContractCase[]>>> => ({
  '`set` writes without comparing the version': () => createExampleCases([withoutVersion]),
  '`set` reads the version, compares it in the application, and then writes': () =>
    createExampleCases(
      [withoutVersion],
      compareFirst((expectedVersion) => expectedVersion > 0),
    ),
  'a new session is written after a read of its key': () =>
    createExampleCases(
      [['where expiresAt <= :now', 'where ended = 0 and :now > 0']],
      compareFirst((expectedVersion) => expectedVersion === 0),
    ),
  'the index of users is written before the version is compared, and replaces the previous entry': () =>
    createExampleCases([
      [
        'const now = time();',
        `const now = time();
        const { sub, sid = null } = record;
        database.prepare('update sessions set sub = :sub, sid = :sid where key = :key').run({ key, sub, sid });`,
      ],
    ]),
  '`undefined` is stored: a member that the record does not have is returned as `null` or text': () =>
    createExampleCases([['.filter(([, value]) => value !== null)', '']]),
  'an update keeps members that the new record does not have': () =>
    createExampleCases([
      [
        writtenValues,
        '(:version, :value, :issuer, :sub, ifnull(:sid, sid), ifnull(:clientId, clientId), :expiresAt, 0)`;',
      ],
    ]),
  '`get` reads from a replica or a cache that is behind': () => createExampleCases([], readFromCache),
  'expired records are returned until a job deletes them': () =>
    createExampleCases([["'ended = 0 and expiresAt > :now'", "'ended = 0 and :now > 0'"]]),
  'the time to live is set when the record is created, and not by later writes': () =>
    createExampleCases([[writtenValues, writtenValues.replace(':expiresAt', 'min(expiresAt, :expiresAt)')]]),
  'an expired record occupies its key, so that a second logout of a user cannot be recorded': () =>
    createExampleCases([['where expiresAt <= :now', 'where expiresAt <= 0 * :now']]),
  '`delete` leaves no tombstone': () =>
    createExampleCases([
      ['`$' + '{end} and key = :key`', "'delete from sessions where key = :key and :now > 0'"],
    ]),
  '`deleteWhere` lists sessions, and deletes those whose version has not changed': () =>
    createExampleCases([], deleteUnchanged),
  '`deleteWhere` ignores `clientId`': () =>
    createExampleCases([
      ['(:clientId is null or clientId is null or clientId = :clientId)', '(:clientId is null or 1 = 1)'],
    ]),
  '`acquire` of a lock reads the owner, and then writes': () => refreshLockContract(() => readThenAcquire),
  '`release` does not compare the owner': () => refreshLockContract(() => releaseAny),
  'a successor is written only if its key is unused': () => {
    const store = createMemorySuccessorStore();
    return successorStoreContract(() => ({
      ...store,
      async set(key, value, timeToLive) {
        if ((await store.get(key)) === undefined) await store.set(key, value, timeToLive);
      },
    }));
  },
  'a tombstone is replaced by an earlier one': () => {
    const times = new Map<string, number>();
    return tombstoneStoreContract(() => ({
      set: async (key, endedAt) => void times.set(key, endedAt),
      latest: async ([key = '']) => times.get(key),
    }));
  },
  'a tombstone has whole seconds': () => {
    const store = createMemoryTombstoneStore();
    return tombstoneStoreContract(() => ({
      ...store,
      set: (key, endedAt, timeToLive) => store.set(key, Math.floor(endedAt), timeToLive),
    }));
  },
  '`claim` reads, and then writes': () =>
    changeReplayStore((store) => ({
      async claim(key, timeToLive) {
        if (await store.has(key)) return false;
        await store.claim(key, timeToLive);
        return true;
      },
    })),
  'each claim restarts the time to live': () =>
    changeReplayStore((store) => ({
      async claim(key, timeToLive) {
        const isClaimed = await store.has(key);
        await store.release(key);
        await store.claim(key, timeToLive);
        return !isClaimed;
      },
    })),
});

const readThenAcquire = createLock((owners) => ({
  async acquire(key, { owner }) {
    while (owners.has(key)) await new Promise((resolve) => setTimeout(resolve, 2));
    await Promise.resolve();
    owners.set(key, owner);
    return true;
  },
}));

const releaseAny = createLock((owners) => ({ release: async (key) => void owners.delete(key) }));
