/**
 * One holder at a time for a key, across whatever runs the same store: tabs, processes, machines.
 * A holder that dies loses the lock when its time to live is over.
 */
export interface RefreshLock {
  /**
   * Waits for the lock.
   *
   * @returns false when `wait` milliseconds passed without it
   * @throws whatever the store throws: the coordinator then goes on in this process alone
   */
  acquire(
    key: string,
    options: {
      /** Unguessable name of this holder. */
      readonly owner: string;
      /** Milliseconds after which the lock frees itself. */
      readonly timeToLive: number;
      /** Milliseconds to wait at most. */
      readonly wait: number;
    },
  ): Promise<boolean>;
  /**
   * Starts the time to live anew. A lock that can do this is given a short one, so that a crashed holder is
   * replaced soon; any other is given one that outlives the slowest exchange.
   *
   * @returns false unless `owner` holds the lock
   */
  renew?(
    key: string,
    options: {
      readonly owner: string;
      /** Milliseconds from now. */
      readonly timeToLive: number;
    },
  ): Promise<boolean>;
  /** Gives the lock back; nothing happens unless `owner` holds it. */
  release(key: string, owner: string): Promise<void>;
}

interface Holder {
  readonly owner: string;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** A lock within this process, first come, first served. */
export function createMemoryLock(): RefreshLock {
  const holders = new Map<string, Holder>();
  const queues = new Map<string, (() => void)[]>();

  const free = (key: string, owner: string) => {
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
    const timer = setTimeout(free, timeToLive, key, owner);
    (timer as { unref?: () => void }).unref?.();
    holders.set(key, { owner, timer });
  };

  return {
    acquire(key, { owner, timeToLive, wait }) {
      if (!holders.has(key)) {
        hold(key, owner, timeToLive);
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const queue = queues.get(key) ?? [];
        queues.set(key, queue);
        const turn = () => {
          clearTimeout(timer);
          hold(key, owner, timeToLive);
          resolve(true);
        };
        const timer = setTimeout(() => {
          queue.splice(queue.indexOf(turn), 1);
          if (queue.length === 0 && queues.get(key) === queue) queues.delete(key);
          resolve(false);
        }, wait);
        queue.push(turn);
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
      free(key, owner);
    },
  };
}
