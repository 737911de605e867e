import { closePolicyViolation } from '../expiry/close-codes.ts';
import { endConnection, trackConnection } from '../memo/guard-memo.ts';
import { waitingMessages } from '../module-state.ts';
import type { Transport } from '../transport/transport.ts';

/** The count of messages of a connection that can wait for its token. About as many small ones fit in one read of 64 KiB. */
const maxForConnection = 5000;
/** The count for all connections of the process. A message occupies about 10 kB, mostly objects of Nest and RxJS. */
const maxForProcess = 10_000;
/** The count for each connection when all of them have reached their limit. */
const maxWhenFull = 20;

/**
 * Lets a message wait until the token of its connection was verified. Ends the connection if its messages would occupy too
 * much memory; the caller checks whether it has ended. Never rejects.
 */
export async function waitForToken(
  transport: Transport,
  pending: Promise<unknown> | undefined,
): Promise<void> {
  if (!pending) return;
  const { waitingMessages: waiting } = trackConnection(transport);
  // An operation of GraphQL is one message, for which the guards of many fields wait.
  const message = transport.operationKey ?? {};
  const isFirst = !waiting.has(message);
  if (isFirst && waiting.size >= (waitingMessages.count < maxForProcess ? maxForConnection : maxWhenFull)) {
    endConnection(transport.requestKey);
    transport.close?.(
      closePolicyViolation,
      'Too many messages wait for the verification of the access token',
    );
    return;
  }
  waiting.set(message, (waiting.get(message) ?? 0) + 1);
  if (isFirst) waitingMessages.count++;
  try {
    await pending;
  } catch {
    // The caller handles the result.
  } finally {
    const remainingCount = (waiting.get(message) ?? 1) - 1;
    if (remainingCount > 0) waiting.set(message, remainingCount);
    else if (waiting.delete(message)) waitingMessages.count--;
  }
}

/** Lets a message wait for a verification. Stops reading from the connection if the result is not available at once. */
export async function waitForVerification(transport: Transport, pending: Promise<unknown>): Promise<void> {
  // A message beyond the limit does not wait. The rejection of its verification would end the process.
  pending.catch(() => {});
  let release: (() => void) | undefined;
  const timer = setImmediate(() => {
    release = transport.hold?.();
  });
  await waitForToken(transport, pending);
  clearImmediate(timer);
  release?.();
}
