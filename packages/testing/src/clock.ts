/** The server's time, which a test moves. */
export interface TestClock {
  /** Milliseconds since the epoch; hand it to the code under test as its `now`. */
  readonly now: () => number;
  /** Moves the time on, by seconds. */
  advance(seconds: number): void;
  /** Stops the clock at a time, in milliseconds since the epoch; default: where it is. */
  stop(time?: number): void;
}

/** A clock that runs with the machine's until it is moved or stopped. */
export function createTestClock(): TestClock {
  let offset = 0;
  let stopped: number | undefined;
  return {
    now: () => stopped ?? Date.now() + offset,
    advance(seconds) {
      if (stopped === undefined) offset += seconds * 1000;
      else stopped += seconds * 1000;
    },
    stop(time) {
      stopped = time ?? stopped ?? Date.now() + offset;
    },
  };
}

/** Whole seconds since the epoch. */
export const getSeconds = (clock: TestClock): number => Math.floor(clock.now() / 1000);
