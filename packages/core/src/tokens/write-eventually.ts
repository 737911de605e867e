/** Milliseconds between tries: short, for whoever reads the session before it is written spends the old token. */
const firstDelay = 200;
const lastDelay = 2_000;
/** Milliseconds after which it is given up: the application's own memory of it ends then too. */
const giveUpAfter = 600_000;

/** Tries a write again and again until the store is back, without making anybody wait for it. */
export function writeEventually<T>(task: {
  readonly write: () => Promise<T | false>;
  /** Receives what the successful write returned. */
  readonly keep: (result: T) => Promise<void>;
  readonly done: () => Promise<void>;
}): void {
  const end = performance.now() + giveUpAfter;
  let delay = firstDelay;
  const attempt = async () => {
    try {
      const result = await task.write();
      // false: the session has ended meanwhile, and nothing brings it back.
      if (result !== false) await task.keep(result);
    } catch {
      if (performance.now() < end) return later();
    }
    await task.done();
  };
  const later = () => {
    setTimeout(attempt, delay);
    delay = Math.min(delay * 1.5, lastDelay);
  };
  later();
}
