/**
 * Runs unless somebody else is running under this name, across whatever shares the storage; it never waits.
 *
 * @returns `undefined` when somebody else is running
 */
export type BrowserLock = <T>(name: string, run: () => Promise<T>) => Promise<T | undefined>;

/**
 * One tab of this origin at a time; the browser frees the lock of a tab that dies. Nobody queues: a tab that was frozen
 * while it waited would be given the lock at its turn, and hold it for as long as it is frozen.
 */
export const webLock: BrowserLock = (name, run) =>
  navigator.locks.request(name, { ifAvailable: true }, async (lock) => (lock ? run() : undefined));
