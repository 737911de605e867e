import { TransportError } from '../../errors.ts';
import { limitTime } from '../../internal/limit-time.ts';

/** Milliseconds after which a call of a store fails. The stores of Redis and SQL fail after 2 seconds by default. */
export const storeTimeout = 5_000;

/**
 * Calls a store, and fails if the call does not end in time: otherwise one lost response would block a session. The store
 * may still complete the call later.
 *
 * @param timeout milliseconds
 * @throws TransportError `store_unavailable` after this time; errors of the store are rethrown unchanged
 */
export async function callStore<T>(run: () => Promise<T>, timeout = storeTimeout): Promise<T> {
  return limitTime(
    run(),
    timeout,
    () =>
      new TransportError(
        'store_unavailable',
        `A store did not respond within ${timeout} milliseconds. Check that it can be reached.`,
      ),
  );
}
