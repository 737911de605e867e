import { TransportError } from '../errors.ts';

/**
 * Runs one at a time for a name, across whatever shares the storage. It waits `wait` milliseconds at most.
 *
 * @throws TransportError `lock_timeout`
 */
export type BrowserLock = <T>(name: string, wait: number, run: () => Promise<T>) => Promise<T>;

/** Every tab of this origin takes turns; the browser frees the lock of a tab that dies. */
export const webLock: BrowserLock = async (name, wait, run) => {
  const signal = AbortSignal.timeout(wait);
  let held = false;
  try {
    return await navigator.locks.request(name, { signal }, () => {
      held = true;
      return run();
    });
  } catch (error) {
    if (held || !signal.aborted) throw error;
    throw new TransportError('lock_timeout', 'Another tab holds the refresh for too long. Try again.');
  }
};
