import { markAsMemory } from '../../internal/memory-mark.ts';

/**
 * A mutual exclusion lock by key, across all processes that share a store. If its owner crashes, the lock frees itself
 * after its time to live.
 *
 * A call may hang: the coordinator waits for 5,000 milliseconds, in `acquire` beyond `wait`, and then treats the store as
 * unavailable. A lock that is acquired later is released. A lock is renewed for the time of the slowest refresh at most.
 */
export interface RefreshLock {
  /**
   * Waits for the lock.
   *
   * @returns false if the lock was not acquired within `wait` milliseconds
   * @throws if the store is unavailable: the coordinator then uses a lock of its process
   */
  acquire(
    key: string,
    options: {
      /** An unguessable name of the owner. */
      readonly owner: string;
      /** Milliseconds after which the lock frees itself. */
      readonly timeToLive: number;
      /** Milliseconds to wait at most. */
      readonly wait: number;
    },
  ): Promise<boolean>;
  /**
   * Restarts the time to live. A lock with this method gets a short time to live, so that a crashed owner blocks others
   * only briefly. A lock without it gets one that exceeds the slowest exchange with the provider.
   *
   * @returns false if `owner` does not hold the lock
   */
  renew?(
    key: string,
    options: {
      readonly owner: string;
      /** Milliseconds from now. */
      readonly timeToLive: number;
    },
  ): Promise<boolean>;
  /** Releases the lock. Has no effect if `owner` does not hold it. */
  release(key: string, owner: string): Promise<void>;
}

interface Holder {
  readonly owner: string;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * Creates a lock for one process. Waiting callers acquire it in the order of their calls.
 *
 * @example
 * ```ts
 * import { type Client, createMemoryLock, createRefreshCoordinator } from '@countersign/core';
 *
 * const createCoordinator = (client: Client) => createRefreshCoordinator(client, { lock: createMemoryLock() });
 * ```
 */
export function createMemoryLock(): RefreshLock {
  const holders = new Map<string, Holder>();
  const queues = new Map<string, (() => void)[]>();

  const release = (key: string, owner: string) => {
    const holder = holders.get(key);
    if (holder?.owner !== owner) return;
    clearTimeout(holder.timer);
    holders.delete(key);
    const queue = queues.get(key);
    const next = queue?.shift();
    if (queue?.length === 0) queues.delete(key);
    next?.();
  };
  const hold = (key: string, owner: string, timeToLive: number) => {
    const timer = setTimeout(release, timeToLive, key, owner);
    (timer as { unref?: () => void }).unref?.();
    holders.set(key, { owner, timer });
  };

  return markAsMemory({
    acquire(key, { owner, timeToLive, wait }) {
      if (!holders.has(key)) {
        hold(key, owner, timeToLive);
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const queue = queues.get(key) ?? [];
        queues.set(key, queue);
        const takeLock = () => {
          clearTimeout(timer);
          hold(key, owner, timeToLive);
          resolve(true);
        };
        const timer = setTimeout(() => {
          queue.splice(queue.indexOf(takeLock), 1);
          if (queue.length === 0 && queues.get(key) === queue) queues.delete(key);
          resolve(false);
        }, wait);
        queue.push(takeLock);
      });
    },
    async renew(key, { owner, timeToLive }) {
      const holder = holders.get(key);
      if (holder?.owner !== owner) return false;
      clearTimeout(holder.timer);
      hold(key, owner, timeToLive);
      return true;
    },
    async release(key, owner) {
      release(key, owner);
    },
  });
}
