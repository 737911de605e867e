import { type AuthEvent, callListener } from '../events.ts';
import type { Client } from './client.ts';
import { getClientContext } from './client-context.ts';
import type { Operation } from './tracing/trace-operations.ts';

/** Sends an event to the client's `onEvent` listener. */
export function emitEvent(client: Client, event: AuthEvent): void {
  callListener(getClientContext(client).options.onEvent, event);
}

/** Runs an operation, inside a span if the client has the option `traceOperation`. */
export function traceOperation<T>(
  client: Client,
  name: Operation['name'],
  run: () => Promise<T>,
): Promise<T> {
  const { traceOperation: trace } = getClientContext(client).options;
  const { issuer, clientId } = client;
  return trace ? trace({ name, issuer, clientId }, run) : run();
}
