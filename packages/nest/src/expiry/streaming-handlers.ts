import { streamingHandlers } from '../module-state.ts';
import { nestMetadata } from '../nest-metadata.ts';
import type { Transport } from '../transport/transport.ts';

/**
 * Whether a handler responds with an event stream, which has no end. Files and other bodies are finite and are sent
 * completely.
 */
export function isStreamingHandler(handler: object, { kind }: Transport): boolean {
  // The transport of GraphQL has a response stream for subscriptions only.
  if (kind === 'graphql') return true;
  if (kind !== 'http') return false;
  const cachedResult = streamingHandlers.get(handler);
  if (cachedResult !== undefined) return cachedResult;
  const isStreaming =
    Reflect.getMetadata(nestMetadata.sse, handler) === true || hasEventStreamHeader(handler);
  streamingHandlers.set(handler, isStreaming);
  return isStreaming;
}

function hasEventStreamHeader(handler: object): boolean {
  const headers = Reflect.getMetadata(nestMetadata.responseHeaders, handler) as
    | readonly { name: string; value: unknown }[]
    | undefined;
  return (headers ?? []).some(
    ({ name, value }) => /^content-type$/i.test(name) && /^text\/event-stream/i.test(String(value)),
  );
}
