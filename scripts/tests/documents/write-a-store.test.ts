import { AssertionError } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  sessionStoreContract,
  successorStoreContract,
  tombstoneStoreContract,
} from '../../../packages/testing/src/contracts/index.ts';
import { readBlocks, readFiles } from '../../lib/examples/markdown.ts';
import { root } from '../../lib/processes/process.ts';

const page = 'docs/guides/write-a-store.md';
const guide = readFileSync(join(root, page), 'utf8');
const blocks = readBlocks(page, guide);

/** The files of the guide, by their path. */
const files = new Map(
  blocks
    .filter(({ language }) => language === 'ts')
    .flatMap(({ code, notes }) => readFiles(code, notes))
    .map(({ path = '', code }) => [path, code]),
);
const example = files.get('lib/session-store.ts') ?? '';

/** Rows of the table of mistakes: the mistake, and the name of the test that finds it. */
const rows = [
  ...guide.slice(guide.indexOf('## Typical mistakes')).matchAll(/^\| (.+) \| `(.+?)`.* \|$/gm),
].map(([, mistake = '', name = '']) => [mistake, name] as const);

let folder: string;
beforeAll(() => {
  mkdirSync(join(root, '.test'), { recursive: true });
  folder = mkdtempSync(join(root, '.test/write-a-store-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let databases = 0;

type Edit = readonly [previous: string, next: string];

function applyEdits(edits: readonly Edit[]): string {
  let code = example;
  for (const [previous, next] of edits) {
    expect(code.split(previous), `The example has once: ${previous}`).toHaveLength(2);
    code = code.replace(previous, () => next);
  }
  return code;
}

type Wrap = (store: SessionStore) => SessionStore;

/** The suite of session stores on two connections of the example, after edits of its code. */
async function createExampleCases(
  edits: readonly Edit[],
  wrap: Wrap = (store) => store,
): Promise<readonly ContractCase[]> {
  const code = stripTypeScriptTypes(applyEdits(edits));
  const { createSqliteSessionStore } = (await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`
  )) as { createSqliteSessionStore: (path: string) => SessionStore };
  const path = join(folder, `${databases++}.db`);
  const handles = [path, path].map((each) => wrap(createSqliteSessionStore(each)));
  let calls = 0;
  return sessionStoreContract(() => handles[calls++ % 2] as SessionStore);
}

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
const mistakes: Readonly<Record<string, () => readonly ContractCase[] | Promise<readonly ContractCase[]>>> = {
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
};

const readThenAcquire = createLock((owners) => ({
  async acquire(key, { owner }) {
    while (owners.has(key)) await new Promise((resolve) => setTimeout(resolve, 2));
    await Promise.resolve();
    owners.set(key, owner);
    return true;
  },
}));

const releaseAny = createLock((owners) => ({ release: async (key) => void owners.delete(key) }));

/** Writes the files of the guide to a folder, and runs its command there. */
function runCommand(code: string, options: readonly string[] = []): Promise<string> {
  const application = mkdtempSync(join(folder, 'application-'));
  for (const [path, content] of [...files, ['lib/session-store.ts', code] as const]) {
    mkdirSync(dirname(join(application, path)), { recursive: true });
    writeFileSync(join(application, path), content);
  }
  const contracts = join(root, 'packages/testing/src/contracts/index.ts');
  writeFileSync(
    join(application, 'vitest.config.ts'),
    `export default { resolve: { alias: { '@countersign/testing/contracts': ${JSON.stringify(contracts)} } } };\n`,
  );
  const command = /^npx vitest (run .+)$/m.exec(guide)?.[1]?.split(' ') ?? [];
  const environment = Object.entries(process.env).filter(([name]) => !/^VITEST|COLOR|^TEST$/.test(name));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), ...command, ...options],
      { cwd: application, env: { ...Object.fromEntries(environment), NO_COLOR: '1' } },
      (_, output, errors) => resolve(`${output}${errors}`),
    );
  });
}

/** The lines of the output that are equal in each run. */
const readResults = (output: string) =>
  output
    .split('\n')
    .filter((line) => /^ *(?:✓|×|Test Files |Tests )/.test(line))
    .map((line) => line.replace(/ \d+ms$/, ''))
    .sort();

/** Whether a suite rejected the store. An error of the database would not be the mistake. */
const isFailure = (error: unknown) =>
  error instanceof AssertionError || String(error).startsWith('Error: Expected within');

/** Conditions of the example that no row of the table concerns, each with a condition that is always true. */
const conditions: readonly Edit[] = [
  ["isLive = 'ended = 0 and", "isLive = '"],
  ['issuer = :issuer and sub = :sub', ':issuer = :issuer and sub = :sub'],
  ['issuer = :issuer and sid = :sid', ':issuer = :issuer and sid = :sid'],
  ['and (:sub is null or sub = :sub)', 'and (:sub is null or 1 = 1)'],
];

const outage = rows.find(([, name]) => name.includes('unavailable'));

describe.concurrent(page, () => {
  test('the command prints what the guide shows, and each test passes', { timeout: 120_000 }, async () => {
    const output = blocks.find(({ language }) => language === 'text')?.code ?? '';
    expect(output.match(/✓/g)?.length).toBe((await createExampleCases([])).length + 1);
    expect(readResults(await runCommand(example))).toEqual(readResults(output));
  });

  test('the test of the guide finds a store that swallows errors', { timeout: 120_000 }, async () => {
    const code = applyEdits([
      [
        'const row = statements.read.get({ key, now: time() });',
        'let row: any; try { row = statements.read.get({ key, now: time() }); } catch {}',
      ],
    ]);
    const output = await runCommand(code, ['--testNamePattern', outage?.[1] ?? '']);
    expect(output).toContain(`× lib/session-store.test.ts > ${outage?.[1]}`);
  });

  test('lists the mistakes of this suite', () => {
    expect(rows.map(([mistake]) => mistake).filter((mistake) => mistake !== outage?.[0])).toEqual(
      Object.keys(mistakes),
    );
  });

  test.each(rows.filter((row) => row !== outage))(
    'a case finds the mistake: %s',
    { timeout: 60_000 },
    async (mistake, name) => {
      const contractCase = (await mistakes[mistake]?.())?.find((each) => each.name === name);
      const error: unknown = await contractCase?.run().catch((thrown: unknown) => thrown);
      expect(isFailure(error), String(error)).toBe(true);
    },
  );

  test.each(conditions)(
    'the suite fails without the condition of the example: %s',
    { timeout: 60_000 },
    async (condition, replacement) => {
      const cases = await createExampleCases([[condition, replacement]]);
      const results = await Promise.allSettled(cases.map(({ run }) => run()));
      const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(errors).not.toEqual([]);
      expect(errors.filter((error) => !isFailure(error))).toEqual([]);
    },
  );
});
