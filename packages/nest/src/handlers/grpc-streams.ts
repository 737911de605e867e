import { catchError, EMPTY, type Observable } from 'rxjs';

/** The part of a gRPC call that Nest passes to the handler of a stream. */
interface GrpcStream {
  emit?(event: 'error', error: object): unknown;
}

type Handler = (...args: unknown[]) => unknown;
type ServiceMethod = (call: GrpcStream, callback: unknown) => Promise<unknown>;
type CreateMethod = (handler: Handler, isResponseStream: boolean) => ServiceMethod;

/** The methods of Nest's gRPC server that create the handlers of streams. */
interface GrpcServer {
  createStreamCallMethod?: CreateMethod;
  createRequestStreamMethod?: CreateMethod;
}

/** On a server whose streams already survive exceptions. Copies of this package share it. */
const protectedKey: unique symbol = Symbol.for('countersign.protectedStreams') as never;

/**
 * Lets the process survive an exception in a handler of gRPC streams. Nest does not handle two cases, and no filter,
 * guard or interceptor of an application can:
 *
 * - an exception of a `@GrpcStreamCall()`, after its exception filters, becomes an unhandled rejection
 * - an error with which the server ends a `@GrpcStreamMethod()`, also because its token has expired, is emitted to the
 *   messages of the handler, and is an uncaught exception if the handler subscribed to them without an error handler
 *
 * @param server the prototype of `ServerGrpc` of `@nestjs/microservices`
 */
export function protectGrpcStreams(server: object): void {
  const target = server as GrpcServer & { [protectedKey]?: true };
  if (target[protectedKey]) return;
  const { createStreamCallMethod, createRequestStreamMethod } = target;
  if (typeof createStreamCallMethod === 'function')
    target.createStreamCallMethod = function (this: unknown, ...args) {
      return endWithException(createStreamCallMethod.apply(this, args));
    };
  if (typeof createRequestStreamMethod === 'function')
    target.createRequestStreamMethod = function (this: unknown, handler, ...args) {
      return createRequestStreamMethod.call(this, completeMessages(handler), ...args);
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
      // The handler returned an observable without a value. It ends the call itself.
      if ((error as Error | undefined)?.name === 'EmptyError') return undefined;
      const isStatus = typeof error === 'object' && error !== null;
      call.emit?.('error', isStatus ? error : { code: unknownStatus, details: 'Internal server error' });
      return undefined;
    }
  };

/**
 * Completes the messages of a handler when Nest emits an error to them: the call has then ended. Nest also completes them
 * when the client cancels the call.
 */
const completeMessages =
  (handler: Handler): Handler =>
  (messages, ...args) =>
    handler(withoutErrors(messages as Observable<unknown>), ...args);

function withoutErrors(messages: Observable<unknown>): Observable<unknown> {
  const result = messages.pipe(catchError(() => EMPTY));
  // Nest calls its function `drainBuffer` on the messages, so that those before the handler are not lost.
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(messages)))
    if (!Object.hasOwn(result, name)) Object.defineProperty(result, name, descriptor);
  return result;
}
