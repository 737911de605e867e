/** Applies the responses of requests whose order on the network is unknown. */
export interface OrderedUpdates<T> {
  /** Applies the response, unless that of a later request was applied before. Rejects with the error of the request. */
  readonly run: (request: () => Promise<T>) => Promise<void>;
  /** Ignores the responses of all requests that were sent before. */
  readonly ignoreEarlier: () => void;
}

/**
 * Creates updates that never go back. A check of the session that was sent before the session was extended can be answered
 * after it, and would show the previous expiry again.
 */
export function createOrderedUpdates<T>(apply: (value: T) => void): OrderedUpdates<T> {
  let lastSent = 0;
  let lastApplied = 0;
  return {
    async run(request) {
      lastSent += 1;
      const number = lastSent;
      const value = await request();
      if (number <= lastApplied) return;
      lastApplied = number;
      apply(value);
    },
    ignoreEarlier() {
      lastApplied = lastSent;
    },
  };
}
