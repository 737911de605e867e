/** Applies the responses of requests whose order on the network is unknown. */
export interface OrderedUpdates<T> {
  /** Applies the response, unless that of a later request was applied before. Rejects with the error of the request. */
  readonly run: (request: () => Promise<T>) => Promise<void>;
  /** Ignores the responses of all requests that were sent before. */
  readonly ignoreEarlier: () => void;
}

/**
 * Ignores a response to an earlier request that arrives after a later one. Otherwise a check of the session that was sent
 * before an extension could show the previous expiry again.
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
