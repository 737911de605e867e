/** How often something may happen: at once up to `capacity` times, then once per `interval`. */
export interface TokenBucket {
  /**
   * Takes one turn.
   *
   * @param now milliseconds
   * @returns 0 when the turn was taken, otherwise the milliseconds until the next one
   */
  take(now: number): number;
  /** Returns a turn that was taken and that was not needed. */
  giveBack(): void;
}

/** A token bucket. A clock that goes back gives no turns and takes none. */
export function createTokenBucket(limits: {
  readonly capacity: number;
  /** Milliseconds. */
  readonly interval: number;
}): TokenBucket {
  const { capacity, interval } = limits;
  let turns = capacity;
  let countedAt: number | undefined;

  return {
    take(now) {
      const elapsed = countedAt === undefined ? 0 : Math.max(now - countedAt, 0);
      turns = Math.min(capacity, turns + elapsed / interval);
      countedAt = now;
      if (turns < 1) return Math.max(Math.ceil((1 - turns) * interval), 1);
      turns -= 1;
      return 0;
    },
    giveBack() {
      turns = Math.min(capacity, turns + 1);
    },
  };
}
