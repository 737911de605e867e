import { type ArgumentsHost, Catch } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { type Observable, of, throwError } from 'rxjs';
import { toException } from '../../errors/exceptions.ts';
import { entityAccessErrors } from '../../module-state.ts';
import { nestMetadata } from '../../nest-metadata.ts';
import { findTransport } from '../../transport/find-transport.ts';
import { addEnhancer } from '../add-enhancer.ts';
import { listMethods, listModuleClasses } from '../module-classes.ts';
import { protectGrpcStreams } from './grpc-streams.ts';
import { StreamExceptionLog } from './stream-exception-log.ts';

/** Matches every exception that `EntityAccess` has thrown, of any class. */
abstract class EntityAccessError extends Error {
  static override [Symbol.hasInstance](value: unknown): value is EntityAccessError {
    return typeof value === 'object' && value !== null && entityAccessErrors.has(value);
  }
}

/**
 * Ends a `@GrpcStreamCall()` in which `EntityAccess` throws. Only the handler has the call, so Nest does not end it, and an
 * exception becomes an unhandled rejection, which ends the process.
 */
@Catch(EntityAccessError)
export class StreamCallErrorFilter {
  catch(error: object, host: ArgumentsHost): Observable<unknown> {
    const transport = findTransport(host);
    if (!transport?.reject) return throwError(() => error);
    void toException(error, { transport, options: {}, name: 'EntityAccess.require', isVerified: true });
    return of(undefined);
  }
}

/**
 * Prepares the handlers of gRPC streams, even without a global guard, before Nest creates them: an exception ends the call
 * with a status, and is in the log.
 */
export async function prepareGrpcStreams(modules: ModulesContainer): Promise<void> {
  const filter = new StreamCallErrorFilter();
  const log = new StreamExceptionLog();
  let hasStreams = false;
  for (const each of listModuleClasses(modules)) {
    const methods = listMethods(each.type).map(({ method }) => ({ method, kinds: listStreamKinds(method) }));
    const streams = methods.filter(({ kinds }) => kinds.length > 0).map(({ method }) => method);
    const calls = methods.filter(({ kinds }) => kinds.includes(streamCall)).map(({ method }) => method);
    if (calls.length > 0) addEnhancer(each, filter, { key: nestMetadata.filters, targets: calls });
    if (streams.length > 0) addEnhancer(each, log, { key: nestMetadata.interceptors, targets: streams });
    hasStreams ||= streams.length > 0;
  }
  if (!hasStreams) return;
  const { ServerGrpc, RpcException } = await import('@nestjs/microservices');
  protectGrpcStreams({ server: ServerGrpc.prototype, RpcException });
}

/** Nest's `GrpcMethodStreamingType.PT_STREAMING`: the handler receives the call itself. */
const streamCall = 'pt_stream';
/** `GrpcMethodStreamingType.RX_STREAMING`: the handler receives the messages as an observable. */
const streamMethod = 'rx_stream';

function listStreamKinds(method: object): string[] {
  const patterns = [Reflect.getMetadata(nestMetadata.pattern, method) ?? []].flat() as readonly unknown[];
  const kinds = patterns.map((pattern) => (pattern as { streaming?: unknown } | null)?.streaming);
  return [streamCall, streamMethod].filter((kind) => kinds.includes(kind));
}
