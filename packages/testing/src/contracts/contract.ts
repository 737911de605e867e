import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One promise of a port, as a test of any runner:
 * `for (const { name, run } of sessionStoreContract(open)) test(name, run);`
 */
export interface ContractCase {
  readonly name: string;
  /** Rejects with an AssertionError when the promise is broken. */
  readonly run: () => Promise<void>;
}

/** Opens the store under test; every call gives a handle of the same store, as another process would have it. */
export type OpenStore<T> = () => T | Promise<T>;

/** A key that nobody else uses, so that a store need not be emptied between tests. */
export const createFreshKey = (): string => randomUUID();

/** Asks again and again until the answer is yes; a slow machine only makes it take longer. */
export async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error(`It did not come true: ${what}`);
}

export { sleep };
