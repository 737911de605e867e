import { createMemoryLock, createMemorySuccessorStore } from '@countersign/core';
import {
  createMemoryReplayStore,
  createMemorySessionStore,
  createMemoryTombstoneStore,
  type SessionMatch,
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

describe.concurrent('the memory stores pass the contracts', () => {
  const cases = [
    ...refreshLockContract(() => lock),
    ...successorStoreContract(() => successors),
    ...sessionStoreContract(() => sessions),
    ...tombstoneStoreContract(() => tombstones),
    ...replayStoreContract(() => replay),
  ];
  for (const { name, run } of cases) test(name, { timeout: 30_000 }, run);
});

/** Stores with one defect each, which the contract must detect. */
describe.concurrent('contracts', () => {
  const findFailedCases = async (cases: ReturnType<typeof sessionStoreContract>) => {
    const results = await Promise.allSettled(cases.map(({ run }) => run()));
    return cases.filter((_, i) => results[i]?.status === 'rejected').map(({ name }) => name);
  };

  test('detect a store without compare-and-swap', { timeout: 30_000 }, async () => {
    const map = new Map();
    const failedCases = await findFailedCases(
      sessionStoreContract(() => ({
        get: async (key) => map.get(key),
        set: async (key, record) => map.set(key, record) && true,
        delete: async (key) => void map.delete(key),
        deleteWhere: async () => 0,
      })),
    );
    expect(failedCases.length).toBeGreaterThanOrEqual(6);
  });

  test('S65: detect a session store that ignores the client, or that keeps sessions without a client', {
    timeout: 30_000,
  }, async () => {
    const defects = [
      ({ clientId: _, ...match }: SessionMatch) => match,
      (match: SessionMatch) => ({ ...match, clientId: match.clientId ?? 'none' }),
    ];
    for (const change of defects) {
      const inner = createMemorySessionStore();
      const failedCases = await findFailedCases(
        sessionStoreContract(() => ({
          ...inner,
          deleteWhere: (match) => inner.deleteWhere(change(match) as SessionMatch),
        })),
      );
      expect(failedCases).toEqual([expect.stringMatching(/^S65/)]);
    }
    const inner = createMemorySessionStore();
    const failedCases = await findFailedCases(
      sessionStoreContract(() => ({
        ...inner,
        set: (key, record, version) => inner.set(key, { clientId: 'unknown', ...record }, version),
      })),
    );
    expect(failedCases).toContainEqual(expect.stringMatching(/^S65/));
  });

  test('detect a lock that several owners hold, and a lock that another owner releases', {
    timeout: 40_000,
  }, async () => {
    const exclusionFailures = await findFailedCases(
      refreshLockContract(() => ({ acquire: async () => true, release: async () => {} })),
    );
    expect(exclusionFailures).toContain('lock: has one owner at a time, and each waiting caller acquires it');
    const inner = createMemoryLock();
    const owners = new Map<string, string>();
    const ownerFailures = await findFailedCases(
      refreshLockContract(() => ({
        async acquire(key, options) {
          const acquired = await inner.acquire(key, options);
          if (acquired) owners.set(key, options.owner);
          return acquired;
        },
        release: (key) => inner.release(key, owners.get(key) ?? ''),
      })),
    );
    expect(ownerFailures).toContain('lock: is released only by its owner');
  });

  test('detect a replay store whose claim is not atomic', async () => {
    const claimed = new Set<string>();
    const failedCases = await findFailedCases(
      replayStoreContract(() => ({
        async claim(key) {
          const first = !claimed.has(key);
          await new Promise((resolve) => setTimeout(resolve, 5));
          claimed.add(key);
          return first;
        },
        has: async (key) => claimed.has(key),
      })),
    );
    expect(failedCases).toContain('replay: accepts one of many concurrent claims of a key');
  }, 30_000);
});
