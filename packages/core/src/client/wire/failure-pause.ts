import { TransportError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { getClientContext, type PausedRequest } from '../client-context.ts';

/** Milliseconds after a failure in which no further request is sent. */
const pauseAfterFailure = 1_000;

/** True during the pause after a failure. Setting the clock back ends the pause. */
export const isRecentFailure = (failedAt: number | undefined, time: number): boolean =>
  failedAt !== undefined && time >= failedAt && time - failedAt < pauseAfterFailure;

/**
 * Runs a request. If the previous one failed less than a second ago, throws its error instead. Unauthenticated clients
 * can cause these requests, and must not cause one each while the provider is unavailable.
 */
export async function runWithFailurePause<T>(
  client: Client,
  name: PausedRequest,
  run: () => Promise<T>,
): Promise<T> {
  const { state, now } = getClientContext(client);
  const lastFailure = state.failures?.[name];
  if (lastFailure && isRecentFailure(lastFailure.at, now())) throw lastFailure.error;
  try {
    return await run();
  } catch (error) {
    const failure = { at: now(), error: setRetryAfter(error) };
    state.failures = { ...state.failures, [name]: failure };
    throw failure.error;
  }
}

/** Preserves the provider's `Retry-After`. @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function setRetryAfter(error: unknown): unknown {
  if (!(error instanceof TransportError) || error.retryAfter !== undefined) return error;
  const { code, message, status, cause } = error;
  return new TransportError(code, message, { retryAfter: pauseAfterFailure / 1000, status, cause });
}
