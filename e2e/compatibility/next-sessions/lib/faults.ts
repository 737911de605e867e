import { createMemorySessionStore, type SessionStore } from '@countersign/core/session';

// Failures of the stores that a test switches on and off. All copies of this module share them.

export type StoreOperation = 'get' | 'set' | 'delete' | 'successors';

/** How often each operation fails. */
const holder = globalThis as { storeFaults?: Partial<Record<StoreOperation, number>> };
holder.storeFaults ??= {};
const faults = holder.storeFaults;

/** Replaces all failures. */
export function setFaults(next: Partial<Record<StoreOperation, number>>): void {
  for (const name of Object.keys(faults) as StoreOperation[]) delete faults[name];
  Object.assign(faults, next);
}

function failIfWanted(operation: StoreOperation): void {
  const left = faults[operation] ?? 0;
  if (left <= 0) return;
  faults[operation] = left - 1;
  throw new Error(`the store does not respond: ${operation}`);
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
