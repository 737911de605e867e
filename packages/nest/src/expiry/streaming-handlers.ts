import type { Transport } from '../transport/transport.ts';

/** Nest's own names for what `@Sse()` and `@Header()` leave on a handler. */
const sse = '__sse__';
const headers = '__headers__';

const streaming = new WeakMap<object, boolean>();

/**
 * Whether a handler answers with a stream of events, which has no end of its own. Files and other bodies have one, and
 * are sent to their end.
 */
export function isLongAnswer(handler: object, { kind }: Transport): boolean {
  // A subscription over HTTP is known by its operation.
  if (kind === 'graphql') return true;
  if (kind !== 'http') return false;
  const known = streaming.get(handler);
  if (known !== undefined) return known;
  const found = Reflect.getMetadata(sse, handler) === true || hasEventStreamHeader(handler);
  streaming.set(handler, found);
  return found;
}

function hasEventStreamHeader(handler: object): boolean {
  const set = Reflect.getMetadata(headers, handler) as
    | readonly { name: string; value: unknown }[]
    | undefined;
  return (set ?? []).some(
    ({ name, value }) => /^content-type$/i.test(name) && /^text\/event-stream/i.test(String(value)),
  );
}
