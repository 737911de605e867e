/** Milliseconds between attempts. Short: a request that reads the session in between has the previous tokens only. */
const firstDelay = 200;
const lastDelay = 2_000;
/** Milliseconds after which no further attempt is made. The tokens in memory expire at the same time. */
export const giveUpAfter = 600_000;

/** A write that failed. */
export interface WriteTask<T> {
  /** Ends within a limited time. */
  readonly write: () => Promise<T | false>;
  /** Called with the result of the successful write. */
  readonly onWritten: (result: T) => Promise<void>;
  /** Called once, after the successful or the last attempt. */
  readonly onFinished: () => Promise<void>;
}

/** Repeats a write in the background until the store is available again. */
export function retryWrite<T>(task: WriteTask<T>): void {
  const giveUpAt = performance.now() + giveUpAfter;
  let delay = firstDelay;
  const attempt = async () => {
    try {
      const result = await task.write();
      // false: the session has ended in the meantime, and a late write does not restore it.
      if (result !== false) await task.onWritten(result);
    } catch {
      if (performance.now() < giveUpAt) return schedule();
    }
    await task.onFinished();
  };
  const schedule = () => {
    setTimeout(attempt, delay);
    delay = Math.min(delay * 1.5, lastDelay);
  };
  schedule();
}
