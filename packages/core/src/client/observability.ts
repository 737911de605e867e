import { type AuthEvent, callListener } from '../events.ts';
import { writeLine } from '../internal/console-lines.ts';
import type { Client } from './client.ts';
import { getClientContext } from './client-context.ts';
import type { Operation } from './tracing/trace-operations.ts';

/** Sends an event to the client's `onEvent` listener. */
export function emitEvent(client: Client, event: AuthEvent): void {
  callListener(getClientContext(client).options.onEvent, event);
}

/** An event that reports a failure. */
type ProblemEvent = Extract<AuthEvent, { readonly code: string }>;

/** Sends an event. Without a listener, the text is written to the console, so that each failure leaves a trace. */
export function reportProblem(client: Client, event: ProblemEvent, text: string): void {
  if (getClientContext(client).options.onEvent) emitEvent(client, event);
  else writeLine('warn', { kind: `${event.type} ${event.code}`, text });
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
