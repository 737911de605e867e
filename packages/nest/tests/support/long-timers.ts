import { vi } from 'vitest';

const day = 86_400_000;

interface LongTimer {
  readonly callback: () => void;
  /** Milliseconds. */
  readonly delay: number;
  readonly handle: ReturnType<typeof setTimeout>;
}

/**
 * Holds the timers of more than a day, so that a test can let them expire. All others run as usual: connections need
 * them.
 */
export function holdLongTimers() {
  const timers: LongTimer[] = [];
  const start = globalThis.setTimeout;
  const stop = globalThis.clearTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
    callback: (...args: never[]) => void,
    delay = 0,
    ...args: never[]
  ) => {
    const handle: ReturnType<typeof setTimeout> = start(() => callback(...args), delay);
    // The platform starts a longer timer immediately, so it is passed on and not held.
    if (delay > day && delay < 2 ** 31) timers.push({ callback: () => callback(...args), delay, handle });
    return handle;
  }) as unknown as typeof setTimeout);
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation((handle) => {
    const index = timers.findIndex((each) => each.handle === handle);
    if (index !== -1) timers.splice(index, 1);
    stop(handle);
  });
  return {
    count: () => timers.length,
    /** Lets the only timer expire. Returns its delay in days. */
    expire(): number {
      const [timer] = timers.splice(0);
      if (!timer) throw new Error('No timer of more than a day is running');
      stop(timer.handle);
      timer.callback();
      return timer.delay / day;
    },
  };
}
