import { createMemoryLock, type RefreshLock } from '../tokens/refresh-lock.ts';

/**
 * A lock that every tab of this origin sees. The browser frees it when its tab dies; it frees itself when its time to
 * live is over. Where there are no Web Locks, it reaches this page alone.
 */
export function createWebLock(): RefreshLock {
  const manager = globalThis.navigator?.locks;
  if (!manager) return createMemoryLock();
  const holders = new Map<string, () => void>();
  return {
    acquire: (key, { owner, timeToLive, wait }) =>
      new Promise((resolve, reject) => {
        const hold = () =>
          new Promise<void>((release) => {
            const timer = setTimeout(release, timeToLive);
            holders.set(owner, () => {
              clearTimeout(timer);
              holders.delete(owner);
              release();
            });
            resolve(true);
          });
        manager
          .request(`countersign ${key}`, { signal: AbortSignal.timeout(wait) }, hold)
          .catch((error: unknown) =>
            (error as Error)?.name === 'TimeoutError' ? resolve(false) : reject(error),
          );
      }),
    release: async (_key, owner) => holders.get(owner)?.(),
  };
}
