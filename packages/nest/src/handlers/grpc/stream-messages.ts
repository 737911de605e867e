import { Observable, Subject } from 'rxjs';

/** The part of a gRPC call that Nest passes to the handler of a stream. It is a `Readable` of Node. */
export interface GrpcStream {
  emit?(event: 'error', error: object): unknown;
  /** Requests the next message of the client. */
  _read?(size: number): void;
  /** Whether the call has ended. */
  readonly cancelled?: boolean;
}

/** The messages that Nest passes to a handler. Nest keeps them until it calls `drainBuffer()`. */
type NestMessages = Observable<unknown> & { readonly drainBuffer?: () => void };

/**
 * Creates the messages of a handler, which replace those of Nest. The first subscription starts to read from the client, so
 * that while the guards decide, the flow control of gRPC keeps the messages at the client. Nest would keep them in memory
 * without a limit, emit them after later messages and, in version 11, lose them if the client has ended the stream.
 *
 * A guard or an interceptor can subscribe before the handler, which then also receives the earlier messages.
 *
 * @param call the call of the messages, of which nothing has been read yet
 * @param toException creates the error with which the messages end
 */
export function createMessages(
  source: NestMessages,
  { call, toException }: { readonly call: GrpcStream; readonly toException: (error: unknown) => object },
): Observable<unknown> {
  const messages = new Subject<unknown>();
  let earlierMessages: unknown[] = [];
  let isHandled = false;
  const startReading = holdMessages(call);
  // The buffer is empty. Without it, Nest emits each message immediately.
  source.drainBuffer?.();
  source.subscribe({
    next: (message) => {
      if (!isHandled) earlierMessages.push(message);
      messages.next(message);
    },
    error: (error: unknown) => messages.error(toException(error)),
    complete: () => messages.complete(),
  });
  const result = new Observable((subscriber) => {
    for (const message of earlierMessages) subscriber.next(message);
    const subscription = messages.subscribe(subscriber);
    startReading();
    return subscription;
  });
  // Nest calls this function after the handler, and subscribes to its result in the same task.
  const drainBuffer = () =>
    setImmediate(() => {
      isHandled = true;
      earlierMessages = [];
      startReading();
    });
  return Object.defineProperty(result, 'drainBuffer', { value: drainBuffer });
}

/**
 * Delays the requests for messages of a client until the returned function is called. `call.pause()` is not used, because the
 * handler or an interceptor can call it and `resume()` itself.
 */
function holdMessages(call: GrpcStream): () => void {
  const { _read: read } = call;
  if (typeof read !== 'function') return () => {};
  let isHeld = true;
  let size: number | undefined;
  call._read = (requestedCount) => {
    if (isHeld) size = requestedCount;
    else read.call(call, requestedCount);
  };
  return () => {
    if (!isHeld) return;
    isHeld = false;
    if (size !== undefined) read.call(call, size);
  };
}
