import { catchError, config, defaultIfEmpty, isObservable, type Observable, throwError } from 'rxjs';

/** The part of a gRPC call that Nest passes to the handler of a stream. */
interface GrpcStream {
  emit?(event: 'error', error: object): unknown;
  /** Holds the messages of the client back, as a `Readable` of Node does. */
  pause?(): unknown;
  resume?(): unknown;
}

type Handler = (...args: unknown[]) => unknown;
type ServiceMethod = (call: GrpcStream, callback: unknown) => Promise<unknown>;
type CreateMethod = (handler: Handler, isResponseStream: boolean) => ServiceMethod;

/** The methods of Nest's gRPC server that create the handlers of streams. */
interface GrpcServer {
  createStreamCallMethod?: CreateMethod;
  createRequestStreamMethod?: CreateMethod;
}

/** `RpcException` of `@nestjs/microservices`, which is an optional package. */
type RpcExceptionType = new (error: object | string) => object;

/** On a server whose streams already survive exceptions. Copies of this package share it. */
const protectedKey: unique symbol = Symbol.for('countersign.protectedStreams') as never;

/**
 * Lets the process survive an exception in a handler of gRPC streams. Nest does not handle two cases, and no filter,
 * guard or interceptor of an application can:
 *
 * - an exception of a `@GrpcStreamCall()`, after its exception filters, becomes an unhandled rejection
 * - an error with which the server ends a `@GrpcStreamMethod()`, also because its token has expired, is emitted to the
 *   messages of the handler, and is an uncaught exception if the handler subscribed to them without an error handler.
 *   The messages still end with the error: a handler must not take those that it has received for all of them
 *
 * @param microservices the prototype of `ServerGrpc` of `@nestjs/microservices`, and its `RpcException`
 */
export function protectGrpcStreams({
  server,
  RpcException,
}: {
  readonly server: object;
  readonly RpcException: RpcExceptionType;
}): void {
  const target = server as GrpcServer & { [protectedKey]?: true };
  if (target[protectedKey]) return;
  ignoreUnhandledStreamErrors();
  const { createStreamCallMethod, createRequestStreamMethod } = target;
  if (typeof createStreamCallMethod === 'function')
    target.createStreamCallMethod = function (this: unknown, handler, ...args) {
      return endWithException(createStreamCallMethod.call(this, withValue(handler), ...args));
    };
  if (typeof createRequestStreamMethod === 'function')
    target.createRequestStreamMethod = function (this: unknown, handler, ...args) {
      return createRequestStreamMethod.call(this, withStreamErrors(handler, RpcException), ...args);
    };
  Object.defineProperty(target, protectedKey, { value: true });
}

/** The gRPC status `UNKNOWN`, which Nest sends for exceptions of other handlers. */
const unknownStatus = 2;

const endWithException =
  (method: ServiceMethod): ServiceMethod =>
  async (call, callback) => {
    try {
      return await method(call, callback);
    } catch (error) {
      const isStatus = typeof error === 'object' && error !== null;
      call.emit?.('error', isStatus ? error : { code: unknownStatus, details: 'Internal server error' });
      return undefined;
    }
  };

/** Gives an observable without a value one, since Nest waits for the last one. Such a handler ends the call itself. */
function withValue(handler: Handler): Handler {
  const result: Handler = async (...args) => {
    const returned: unknown = await handler(...args);
    return isObservable(returned) ? returned.pipe(defaultIfEmpty(undefined)) : returned;
  };
  return Object.defineProperties(result, Object.getOwnPropertyDescriptors(handler));
}

/** The errors with which messages of handlers ended. */
const streamErrors = new WeakSet<object>();

/** Whether the error is that of a call which the server has ended, and which has its status already. */
export const isStreamError = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && streamErrors.has(error);

/** RxJS throws an error that a subscriber does not handle, in a timer, unless `onUnhandledError` is set. */
function ignoreUnhandledStreamErrors(): void {
  const { onUnhandledError } = config;
  config.onUnhandledError = (error: unknown) => {
    if (isStreamError(error)) return;
    if (!onUnhandledError) throw error;
    onUnhandledError(error);
  };
}

/**
 * Passes to the handler messages whose error is an `RpcException` with the properties of the original one. Nest logs any
 * other exception with which a handler ends, but this one ended the call, not the handler.
 */
function withStreamErrors(handler: Handler, RpcException: RpcExceptionType): Handler {
  const result: Handler = (messages, metadata, call, ...args) =>
    handler(
      replaceErrors(messages as Observable<unknown>, { RpcException, call: call as GrpcStream }),
      metadata,
      call,
      ...args,
    );
  // Nest passes the name of the method to the hooks of the application.
  return Object.defineProperties(result, Object.getOwnPropertyDescriptors(handler));
}

function replaceErrors(
  messages: Observable<unknown>,
  { RpcException, call }: { readonly RpcException: RpcExceptionType; readonly call: GrpcStream },
): Observable<unknown> {
  const result = messages.pipe(
    catchError((error: unknown) => {
      const isObject = typeof error === 'object' && error !== null;
      const { code, details } = (isObject ? error : {}) as { code?: unknown; details?: unknown };
      const message = typeof details === 'string' ? { message: details } : {};
      const exception = new RpcException(isObject ? error : String(error));
      streamErrors.add(Object.assign(exception, { code, details }, message));
      return throwError(() => exception);
    }),
  );
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(messages)))
    if (name !== 'drainBuffer' && !Object.hasOwn(result, name))
      Object.defineProperty(result, name, descriptor);
  // Nest calls this function of the messages, so that those before the handler are not lost.
  const { drainBuffer } = messages as { readonly drainBuffer?: () => void };
  if (drainBuffer)
    Object.defineProperty(result, 'drainBuffer', { value: () => drainInOrder(drainBuffer, call) });
  return result;
}

/** Nest emits the messages before the handler in a later task. Those after it must not overtake them. */
function drainInOrder(drainBuffer: () => void, call: GrpcStream): void {
  call.pause?.();
  drainBuffer();
  setImmediate(() => call.resume?.());
}
