import { config, defaultIfEmpty, EMPTY, isObservable, type Observable } from 'rxjs';
import { createMessages, type GrpcStream } from './stream-messages.ts';

type GrpcHandler = (...args: unknown[]) => unknown;
type ServiceMethod = (call: GrpcStream, callback: unknown) => Promise<unknown>;
type CreateMethod = (handler: GrpcHandler, isResponseStream: boolean) => ServiceMethod;

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
 * - an error with which the server ends a `@GrpcStreamMethod()`, for example because its token has expired, is emitted to
 *   the messages of the handler, and is an uncaught exception if the handler subscribed to them without an error handler.
 *   The messages still end with the error: a handler must not take those that it has received for all of them
 *
 * It also does not read the messages of a client while the guards decide (`stream-messages.ts`). docs/decisions/0019 has
 * the alternatives.
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
      return createRequestStreamMethod.call(this, withMessages(handler, RpcException), ...args);
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
function withValue(handler: GrpcHandler): GrpcHandler {
  const result: GrpcHandler = async (...args) => {
    const result: unknown = await handler(...args);
    return isObservable(result) ? result.pipe(defaultIfEmpty(undefined)) : result;
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
function withMessages(handler: GrpcHandler, RpcException: RpcExceptionType): GrpcHandler {
  const toException = (error: unknown) => toStreamError(error, RpcException);
  const result: GrpcHandler = async (messages, metadata, stream, ...args) => {
    const call = stream as GrpcStream;
    const createdMessages = createMessages(messages as Observable<unknown>, { call, toException });
    const result: unknown = await handler(createdMessages, metadata, call, ...args);
    // Nest calls the handler when it subscribes. If the call ended before, version 11 would never unsubscribe.
    return call.cancelled === true ? EMPTY : result;
  };
  // Nest passes the name of the method to the hooks of the application.
  return Object.defineProperties(result, Object.getOwnPropertyDescriptors(handler));
}

function toStreamError(error: unknown, RpcException: RpcExceptionType): object {
  const isObject = typeof error === 'object' && error !== null;
  const { code, details } = (isObject ? error : {}) as { code?: unknown; details?: unknown };
  const message = typeof details === 'string' ? { message: details } : {};
  const exception = new RpcException(isObject ? error : String(error));
  streamErrors.add(Object.assign(exception, { code, details }, message));
  return exception;
}
