/** Limits a rate: up to `capacity` slots at once, then one slot per `interval`. */
export interface TokenBucket {
  /**
   * Takes one slot.
   *
   * @param now milliseconds since the epoch
   * @returns 0 if a slot was taken, otherwise the milliseconds until the next slot
   */
  take(now: number): number;
  /** Returns a slot that was not used. */
  giveBack(): void;
}

/** Creates a token bucket. Setting the clock back neither adds nor removes slots. */
export function createTokenBucket(limits: {
  readonly capacity: number;
  /** Milliseconds. */
  readonly interval: number;
}): TokenBucket {
  const { capacity, interval } = limits;
  let slots = capacity;
  let updatedAt: number | undefined;

  return {
    take(now) {
      const elapsed = updatedAt === undefined ? 0 : Math.max(now - updatedAt, 0);
      slots = Math.min(capacity, slots + elapsed / interval);
      updatedAt = now;
      if (slots < 1) return Math.max(Math.ceil((1 - slots) * interval), 1);
      slots -= 1;
      return 0;
    },
    giveBack() {
      slots = Math.min(capacity, slots + 1);
    },
  };
}
