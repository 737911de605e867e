import { type AuthEvent, callListener, emitEventOrLog } from '../events.ts';
import type { Client } from './client.ts';
import { getClientContext } from './client-context.ts';
import type { Operation } from './tracing/trace-operations.ts';

/** Sends an event to the client's `onEvent` listener. */
export function emitEvent(client: Client, event: AuthEvent): void {
  callListener(getClientContext(client).options.onEvent, event);
}

/** Sends an event. Without a listener, the text is written to the console, so that each failure leaves a trace. */
export function reportProblem(client: Client, event: AuthEvent, text: string): void {
  emitEventOrLog(getClientContext(client).options.onEvent, event, text);
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
