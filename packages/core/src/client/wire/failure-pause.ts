import { TransportError } from '../../errors.ts';
import { getClientContext, type PausedRequest } from '../client-context.ts';
import type { Client } from '../create-client.ts';

/** Milliseconds without a further request after one has failed. */
const pauseAfterFailure = 1_000;

/** Whether the pause after a failure lasts. It ends when the clock is set back. */
export const isRecentFailure = (failedAt: number | undefined, time: number): boolean =>
  failedAt !== undefined && time >= failedAt && time - failedAt < pauseAfterFailure;

/**
 * Runs a request, unless it failed less than a second ago: then it fails with the same error. Requests of strangers
 * cause such requests, and must not cause one each while the provider cannot be reached.
 */
export async function runWithFailurePause<T>(
  client: Client,
  name: PausedRequest,
  run: () => Promise<T>,
): Promise<T> {
  const { state, now } = getClientContext(client);
  const last = state.failures?.[name];
  if (last && isRecentFailure(last.at, now())) throw last.error;
  try {
    return await run();
  } catch (error) {
    const failure = { at: now(), error: addRetryAfter(error) };
    state.failures = { ...state.failures, [name]: failure };
    throw failure.error;
  }
}

/** The provider's own `Retry-After` is kept. @see RFC 9110 section 10.2.3 */
function addRetryAfter(error: unknown): unknown {
  if (!(error instanceof TransportError) || error.retryAfter !== undefined) return error;
  const { code, message, status, cause } = error;
  return new TransportError(code, message, { retryAfter: pauseAfterFailure / 1000, status, cause });
}
