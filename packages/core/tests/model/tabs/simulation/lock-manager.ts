import type { ModelProcess, Scheduler } from '../../simulation/scheduler.ts';

interface LockOptions {
  readonly ifAvailable?: boolean;
  readonly signal?: AbortSignal;
}
type LockCallback = (lock: object | null) => Promise<unknown> | undefined;

/** The Web Locks of a browser. */
export interface LockManagers {
  /** Creates `navigator.locks` of a page. */
  create(page: ModelProcess): object;
  /** Releases the locks of a page that is unloaded. */
  releaseAll(page: ModelProcess): void;
}

/** @param isExclusive false: the defect that two pages hold one lock */
export function createLockManagers(scheduler: Scheduler, { isExclusive = true } = {}): LockManagers {
  const holders = new Map<string, ModelProcess>();
  const waiting: { readonly name: string; readonly page: ModelProcess; readonly grant: () => void }[] = [];

  function release(name: string, page: ModelProcess): void {
    if (holders.get(name) !== page) return;
    holders.delete(name);
    const index = waiting.findIndex((each) => each.name === name && each.page.isAlive);
    const [next] = index < 0 ? [] : waiting.splice(index, 1);
    if (!next) return;
    holders.set(name, next.page);
    next.grant();
  }

  /** A page that was unloaded acquires no lock. */
  function acquire(name: string, page: ModelProcess): boolean {
    if (holders.has(name) && isExclusive) return false;
    if (page.isAlive) holders.set(name, page);
    return true;
  }

  function waitForRelease(name: string, page: ModelProcess, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = { name, page, grant: resolve };
      waiting.push(request);
      const abort = () => {
        const index = waiting.indexOf(request);
        if (index >= 0) waiting.splice(index, 1);
        reject(new DOMException('The request was aborted.', 'AbortError'));
      };
      // The page may abort before its request arrives.
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort);
    });
  }

  return {
    create: (page) => ({
      async request(name: string, options: LockOptions, callback: LockCallback) {
        const isAcquired = await scheduler.step('a request of a lock arrives', () => acquire(name, page));
        scheduler.note(isAcquired ? '(free)' : '(held)');
        if (!isAcquired && !options.ifAvailable) await waitForRelease(name, page, options.signal);
        const isGranted = isAcquired || !options.ifAvailable;
        await scheduler.step('the browser answers the request of a lock', () => {});
        try {
          return await callback(isGranted ? {} : null);
        } finally {
          if (isGranted) release(name, page);
        }
      },
    }),
    releaseAll(page) {
      for (const [name, holder] of holders) if (holder === page) release(name, page);
    },
  };
}
