import { ConfigurationError } from '../../errors.ts';

/** Milliseconds between attempts. Short: a request that reads the session in between has the previous tokens only. */
const firstDelay = 200;
const lastDelay = 2_000;
/** Milliseconds after which no further attempt is made. The tokens in memory expire at the same time. */
export const repeatWriteFor = 600_000;

/** A write that failed. */
export interface WriteTask {
  /** Repeats the write within a limited time. Returns false if the reason for the failure is temporary, as an error does. */
  readonly run: () => Promise<boolean>;
  /** Called once, after the successful or the last attempt. */
  readonly onFinished: () => Promise<void>;
}

/** Repeats a write in the background until the store is available again. */
export function retryWrite(task: WriteTask): void {
  const giveUpAt = performance.now() + repeatWriteFor;
  let delay = firstDelay;
  const attempt = async () => {
    const isDone = await task.run().catch((error: unknown) => error instanceof ConfigurationError);
    if (!isDone && performance.now() < giveUpAt) return schedule();
    await task.onFinished();
  };
  const schedule = () => {
    setTimeout(attempt, delay);
    delay = Math.min(delay * 1.5, lastDelay);
  };
  schedule();
}
