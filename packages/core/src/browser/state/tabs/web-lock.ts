import { limitTime } from '../../../internal/limit-time.ts';

/**
 * Runs a function under a lock, unless the lock is held. It never waits. All tabs that share the storage must share it.
 *
 * @returns `undefined` if the lock is held
 */
export type BrowserLock = <T>(name: string, run: () => Promise<T>) => Promise<T | undefined>;

/** Milliseconds in which the browser responds to the request of a lock, which does not wait. */
const lockTimeout = 5_000;

/**
 * Creates a lock for all tabs of this origin. The browser releases the lock of a tab that crashes. There is no queue: a
 * suspended tab in it would acquire the lock and hold it.
 *
 * @param reportMissing called if the browser has no locks for this page. Each page then has its own lock.
 */
export function createWebLock(reportMissing: () => void): BrowserLock {
  const heldLocks = new Set<string>();

  async function runInPage<T>(name: string, run: () => Promise<T>): Promise<T | undefined> {
    if (heldLocks.has(name)) return undefined;
    heldLocks.add(name);
    try {
      return await run();
    } finally {
      heldLocks.delete(name);
    }
  }

  return async <T>(name: string, run: () => Promise<T>): Promise<T | undefined> => {
    let state: 'requested' | 'granted' | 'abandoned' = 'requested';
    let onGranted: () => void = () => {};
    const isGranted = new Promise<void>((resolve) => {
      onGranted = resolve;
    });
    let result: Promise<T | undefined> | undefined;
    try {
      result = navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
        // Too late: the page has continued without it.
        if (state === 'abandoned') return undefined;
        state = 'granted';
        onGranted();
        return lock ? run() : undefined;
      });
      await limitTime(Promise.race([isGranted, result]), lockTimeout, () => new Error('timeout'));
    } catch (error) {
      // The lock was granted, so the error is that of the function.
      if ((state as string) === 'granted') throw error;
      state = 'abandoned';
      result?.catch(() => {});
      reportMissing();
      return runInPage(name, run);
    }
    return result;
  };
}
