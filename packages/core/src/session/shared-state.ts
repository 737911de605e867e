import { createMemoryLock } from '../tokens/refresh-lock.ts';
import { createMemoryReplayStore } from '../tokens/replay-store.ts';
import { createMemorySuccessorStore } from '../tokens/successor-store.ts';
import { createMemoryTombstoneStore } from './backends/memory-tombstone-store.ts';

/** This file contains the only state of this folder that is global to the process. */
const key = Symbol.for('countersign.session');

type SharedState = ReturnType<typeof createSharedState>;

/**
 * Finds or creates the lock and the stores of one client in this process. A framework may load this module several
 * times: once for its middleware, and once for each layer of the application. Two copies with separate state would
 * spend one refresh token twice.
 */
export function getSharedState(client: string): SharedState {
  const holder = globalThis as { [key]?: Map<string, SharedState> };
  holder[key] ??= new Map();
  const state = holder[key].get(client) ?? createSharedState();
  holder[key].set(client, state);
  return state;
}

const createSharedState = () => ({
  lock: createMemoryLock(),
  successors: createMemorySuccessorStore(),
  tombstones: createMemoryTombstoneStore(),
  replay: createMemoryReplayStore(),
});

/** The notices that this process has written to the console. */
const noticesKey = Symbol.for('countersign.session.notices');

/** Returns true at the first call for a notice in this process. */
export function claimNotice(name: string): boolean {
  const holder = globalThis as { [noticesKey]?: Set<string> };
  holder[noticesKey] ??= new Set();
  const isFirst = !holder[noticesKey].has(name);
  holder[noticesKey].add(name);
  return isFirst;
}
