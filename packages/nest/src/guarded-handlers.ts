import { Inject, Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessTokenGuard } from './access-token.guard.ts';
import { AccessTokenErrorFilter } from './access-token-error.filter.ts';
import type { GuardOptions } from './guard-options.ts';
import { classesOf, methodsOf } from './handlers/classes.ts';
import { graphqlModulesOf } from './handlers/graphql-modules.ts';
import { guardSchema } from './handlers/guard-schema.ts';
import { listHandlers } from './handlers/list-handlers.ts';
import { nestMetadata } from './handlers/nest-metadata.ts';
import { describeOperation } from './openapi.ts';
import { GUARD_OPTIONS } from './tokens.ts';

/**
 * Applies the guard where Nest does not apply global guards: to microservices of a hybrid application, to gateways in
 * some versions, to reference and field resolvers of GraphQL. Classes get it before Nest builds their handlers, schemas
 * after Nest has built them and before the application listens.
 */
@Injectable()
export class GuardedHandlers implements OnApplicationBootstrap {
  readonly #modules: ModulesContainer;
  readonly #guard: AccessTokenGuard;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(AccessTokenGuard) guard: AccessTokenGuard,
    @Inject(GUARD_OPTIONS) options: GuardOptions,
  ) {
    this.#modules = modules;
    this.#guard = guard;
    const filter = new AccessTokenErrorFilter(options);
    for (const { type, isController } of classesOf(modules)) {
      const methods = methodsOf(type).map(({ method }) => method);
      if (isController) describeRoutes(type, methods);
      const listens = methods.some(handlesMessages);
      if (listens || Reflect.getMetadata(nestMetadata.gateway, type) === true)
        putFirst(nestMetadata.guards, type, guard);
      if (listens) putFirst(nestMetadata.filters, type, filter);
    }
  }

  onApplicationBootstrap(): void {
    const handlers = listHandlers(this.#modules);
    for (const { schema, ...others } of graphqlModulesOf(this.#modules))
      if (schema) guardSchema(schema, { ...others, handlers, guard: this.#guard });
  }
}

const handlesMessages = (method: object): boolean => Reflect.hasMetadata(nestMetadata.pattern, method);

/** For the OpenAPI page, which is made later from what stands on the handlers. */
function describeRoutes(type: Type, methods: readonly object[]): void {
  for (const method of methods)
    if (Reflect.hasMetadata(nestMetadata.routePath, method)) describeOperation(method, type);
}

/** Before all others, those of base classes too, and one only: another application of the process may have put its own there. */
function putFirst(key: string, type: Type, own: AccessTokenGuard | AccessTokenErrorFilter): void {
  const wrapped = (type.prototype as object).constructor;
  // A class decorator may have wrapped the class: versions of Nest differ in which of the two they look at.
  for (const target of new Set(wrapped.prototype === type.prototype ? [type, wrapped] : [type])) {
    const before = (Reflect.getMetadata(key, target) ?? []) as object[];
    const others = before.filter((each) => each.constructor !== own.constructor);
    Reflect.defineMetadata(key, [own, ...others], target);
  }
}
