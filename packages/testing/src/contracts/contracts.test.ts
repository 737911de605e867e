import { createMemoryLock, createMemorySuccessorStore } from '@countersign/core';
import {
  createMemoryReplayStore,
  createMemorySessionStore,
  createMemoryTombstoneStore,
} from '@countersign/core/session';
import { describe, expect, test } from 'vitest';
import {
  refreshLockContract,
  replayStoreContract,
  sessionStoreContract,
  successorStoreContract,
  tombstoneStoreContract,
} from './index.ts';

const lock = createMemoryLock();
const successors = createMemorySuccessorStore();
const sessions = createMemorySessionStore();
const tombstones = createMemoryTombstoneStore();
const replay = createMemoryReplayStore();

describe.concurrent('the stores of one process keep the contracts', () => {
  const cases = [
    ...refreshLockContract(() => lock),
    ...successorStoreContract(() => successors),
    ...sessionStoreContract(() => sessions),
    ...tombstoneStoreContract(() => tombstones),
    ...replayStoreContract(() => replay),
  ];
  for (const { name, run } of cases) test(name, { timeout: 30_000 }, run);
});

/** Stores with one mistake each, which the contract must find. */
describe.concurrent('a broken promise is found', () => {
  const find = async (cases: ReturnType<typeof sessionStoreContract>) => {
    const results = await Promise.allSettled(cases.map(({ run }) => run()));
    return cases.filter((_, i) => results[i]?.status === 'rejected').map(({ name }) => name);
  };

  test('a store without compare-and-swap', { timeout: 30_000 }, async () => {
    const map = new Map();
    const found = await find(
      sessionStoreContract(() => ({
        get: async (key) => map.get(key),
        set: async (key, record) => map.set(key, record) && true,
        delete: async (key) => void map.delete(key),
        deleteWhere: async () => 0,
      })),
    );
    expect(found.length).toBeGreaterThanOrEqual(6);
  });

  test('a lock that everybody holds, and one that anybody releases', { timeout: 40_000 }, async () => {
    const open = await find(
      refreshLockContract(() => ({ acquire: async () => true, release: async () => {} })),
    );
    expect(open).toContain('lock: one holder at a time, and everybody gets a turn');
    const inner = createMemoryLock();
    const owners = new Map<string, string>();
    const loose = await find(
      refreshLockContract(() => ({
        async acquire(key, options) {
          const acquired = await inner.acquire(key, options);
          if (acquired) owners.set(key, options.owner);
          return acquired;
        },
        release: (key) => inner.release(key, owners.get(key) ?? ''),
      })),
    );
    expect(loose).toContain('lock: only the owner releases it');
  });

  test('a replay store that only looks', async () => {
    const claimed = new Set<string>();
    const found = await find(
      replayStoreContract(() => ({
        async claim(key) {
          const first = !claimed.has(key);
          await new Promise((resolve) => setTimeout(resolve, 5));
          claimed.add(key);
          return first;
        },
      })),
    );
    expect(found).toContain('replay: of many who claim a key at once, one is the first');
  }, 30_000);
});
