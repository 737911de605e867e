import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One requirement of a port, as a test for any runner:
 * `for (const { name, run } of sessionStoreContract(open)) test(name, run);`
 */
export interface ContractCase {
  readonly name: string;
  /** Rejects with an AssertionError if the store violates the requirement. */
  readonly run: () => Promise<void>;
}

/** Opens the store under test. Each call returns another handle of the same store, as another process would open it. */
export type OpenStore<T> = () => T | Promise<T>;

/** Creates an unused key, so that a store need not be emptied between tests. */
export const createFreshKey = (): string => randomUUID();

/** Repeats a check until it returns true. */
export async function eventually(condition: () => Promise<boolean>, expectation: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await condition()) return;
    await sleep(25);
  }
  throw new Error(`Expected within 10 seconds: ${expectation}`);
}

export { sleep };
