import { type ArgumentsHost, Catch, Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Observable, of, throwError } from 'rxjs';
import { toException } from '../errors/exceptions.ts';
import { entityAccessErrors } from '../module-state.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { findTransport } from '../transport/find-transport.ts';
import { addEnhancer } from './add-enhancer.ts';
import { listMethods, listModuleClasses } from './module-classes.ts';

/** Matches every exception that `EntityAccess` has thrown, whatever its class. */
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
    void toException(error, { transport, options: {}, name: 'EntityAccess.require', verified: true });
    return of(undefined);
  }
}

/** Adds the filter to every `@GrpcStreamCall()`, also without a global guard, before Nest creates the handlers. */
@Injectable()
export class StreamCallFilterInstaller {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    const filter = new StreamCallErrorFilter();
    for (const each of listModuleClasses(modules)) {
      const targets = listMethods(each.type).flatMap(({ method }) => (isStreamCall(method) ? [method] : []));
      if (targets.length > 0) addEnhancer(each, filter, { key: nestMetadata.filters, targets });
    }
  }
}

/** Nest's `GrpcMethodStreamingType.PT_STREAMING`: the handler receives the call itself. */
const passThrough = 'pt_stream';

function isStreamCall(method: object): boolean {
  const patterns = [Reflect.getMetadata(nestMetadata.pattern, method) ?? []].flat() as readonly unknown[];
  return patterns.some((pattern) => (pattern as { streaming?: unknown } | null)?.streaming === passThrough);
}
