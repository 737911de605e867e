/**
 * Runs a function under a lock, unless the lock is held. It never waits. All tabs that share the storage must share it.
 *
 * @returns `undefined` if the lock is held
 */
export type BrowserLock = <T>(name: string, run: () => Promise<T>) => Promise<T | undefined>;

/**
 * A lock for all tabs of this origin. The browser releases the lock of a tab that crashes. There is no queue: a tab that
 * was suspended in it would acquire the lock and hold it while suspended.
 */
export const webLock: BrowserLock = (name, run) =>
  navigator.locks.request(name, { ifAvailable: true }, async (lock) => (lock ? run() : undefined));
