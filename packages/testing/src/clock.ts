/** The clock of the server, which a test controls. */
export interface TestClock {
  /** Returns milliseconds since the epoch. Pass it to the code under test as `now`. */
  readonly now: () => number;
  /** Moves the clock forward by seconds. */
  advance(seconds: number): void;
  /** Stops the clock at a time in milliseconds since the epoch. Default: the current time. */
  stop(time?: number): void;
}

/** Creates a clock that follows the system clock until it is moved or stopped. */
export function createTestClock(): TestClock {
  let offset = 0;
  let stoppedAt: number | undefined;
  return {
    now: () => stoppedAt ?? Date.now() + offset,
    advance(seconds) {
      if (stoppedAt === undefined) offset += seconds * 1000;
      else stoppedAt += seconds * 1000;
    },
    stop(time) {
      stoppedAt = time ?? stoppedAt ?? Date.now() + offset;
    },
  };
}

/** Returns the time in seconds since the epoch, rounded down. */
export const getSeconds = (clock: TestClock): number => Math.floor(clock.now() / 1000);
