import {
  createMemorySessionStore,
  createMemoryTombstoneStore,
  type SessionStore,
  type TombstoneStore,
} from '@countersign/core/session';
import { waitAtGate } from './gate';

// Failures of the stores that a test switches on and off. All copies of this module share them.

export type StoreOperation = 'get' | 'set' | 'delete' | 'successors';

/** How often each operation fails, and how many writes that do not fail wait at the gate. */
type Faults = Partial<Record<StoreOperation | 'heldSets', number>>;

const holder = globalThis as {
  storeFaults?: Faults;
  sessions?: SessionStore;
  tombstones?: TombstoneStore;
};
holder.storeFaults ??= {};
const faults = holder.storeFaults;

/** Replaces all failures. */
export function setFaults(next: Faults): void {
  for (const name of Object.keys(faults) as (keyof Faults)[]) delete faults[name];
  Object.assign(faults, next);
}

function isWanted(name: keyof Faults): boolean {
  const remainingCount = faults[name] ?? 0;
  if (remainingCount > 0) faults[name] = remainingCount - 1;
  return remainingCount > 0;
}

function failIfWanted(operation: StoreOperation): void {
  if (isWanted(operation)) throw new Error(`the store does not respond: ${operation}`);
}

/** A session store in memory whose operations can fail. */
export function createFaultySessionStore(): SessionStore {
  const store = createMemorySessionStore();
  return {
    ...store,
    async get(key) {
      failIfWanted('get');
      return store.get(key);
    },
    async set(key, record, expectedVersion) {
      failIfWanted('set');
      if (isWanted('heldSets')) await waitAtGate();
      return store.set(key, record, expectedVersion);
    },
    async delete(key) {
      failIfWanted('delete');
      return store.delete(key);
    },
    async deleteWhere(match) {
      failIfWanted('delete');
      return store.deleteWhere(match);
    },
  };
}

/** The faulty store that two processes share. An application in this process does not add it to its own memory. */
export function createSharedSessionStore(): SessionStore {
  const { get, set, delete: remove, deleteWhere } = createFaultySessionStore();
  holder.sessions ??= { get, set, delete: remove, deleteWhere };
  return holder.sessions;
}

/** A tombstone store whose operations can fail. All copies of this module share it. */
export function createFaultyTombstoneStore(): TombstoneStore {
  holder.tombstones ??= createMemoryTombstoneStore();
  const store = holder.tombstones;
  return {
    async set(...parameters) {
      failIfWanted('set');
      return store.set(...parameters);
    },
    async latest(keys) {
      failIfWanted('get');
      return store.latest(keys);
    },
  };
}

/** A successor store that several processes could share, and that can fail. */
export function createFaultySuccessors() {
  const values = new Map<string, string>();
  return {
    async get(key: string) {
      failIfWanted('successors');
      return values.get(key);
    },
    async set(key: string, value: string) {
      failIfWanted('successors');
      values.set(key, value);
    },
  };
}
