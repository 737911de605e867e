import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { defer, finalize, from, mergeMap, type Observable } from 'rxjs';
import { getAccessPolicy } from '../access/resolve-access.ts';
import { runningChecks } from '../module-state.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { addEnhancer } from './add-enhancer.ts';
import { listMethods, listModuleClasses } from './module-classes.ts';

/**
 * Adds the checks of a handler to its connection while the handler runs. A handler of a gateway may return an
 * Observable, which continues after the client has renewed the token of the connection.
 */
@Injectable()
class RunningHandlerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const checks = runningChecks.get(context.getArgs());
    if (!checks) return next.handle();
    // An outer interceptor may subscribe again, for example with `repeat` or `retry`: the handler then starts again.
    return defer(() => {
      let isRunning = true;
      return from(Promise.all(checks.map((start) => start(() => isRunning)))).pipe(
        mergeMap(() => next.handle()),
        finalize(() => {
          isRunning = false;
        }),
      );
    });
  }
}

/** Adds the interceptor to every gateway with requirements, even without a global guard, before Nest creates the handlers. */
@Injectable()
export class RunningHandlerInstaller {
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    const interceptor = new RunningHandlerInterceptor();
    for (const each of listModuleClasses(modules)) {
      const { type } = each;
      if (Reflect.getMetadata(nestMetadata.gateway, type) !== true) continue;
      if (listMethods(type).some(({ method }) => getAccessPolicy(method, type).hasRequirements))
        addEnhancer(each, interceptor, { key: nestMetadata.interceptors, targets: [type] });
    }
  }
}
