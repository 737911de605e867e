import { Inject, Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessTokenGuard } from '../guard/access-token.guard.ts';
import type { GuardOptions } from '../guard-options.ts';
import { describeOperation } from '../http/openapi.ts';
import { GUARD_OPTIONS } from '../injection-tokens.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { ApplicationAuth, ApplicationErrorFilter, ApplicationGuard } from './application-guard.ts';
import { createHandGuardFinder } from './explicit-guards.ts';
import { graphqlModulesOf } from './graphql/graphql-modules.ts';
import { guardSchema } from './graphql/guard-schema.ts';
import { listHandlers } from './list-handlers.ts';
import { classesOf, type ModuleClass, methodsOf } from './module-classes.ts';

/**
 * Applies the guard where Nest does not apply global guards: to microservices of a hybrid application, to gateways in
 * some versions, to reference and field resolvers of GraphQL. Classes get it before Nest builds their handlers, schemas
 * after Nest has built them and before the application listens.
 */
@Injectable()
export class GuardedHandlers extends ApplicationAuth implements OnApplicationBootstrap {
  readonly #modules: ModulesContainer;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(AccessTokenGuard) guard: AccessTokenGuard,
    @Inject(GUARD_OPTIONS) options: GuardOptions,
  ) {
    super(guard, options);
    this.#modules = modules;
    const own = { guard: new ApplicationGuard(modules), filter: new ApplicationErrorFilter(modules) };
    for (const each of classesOf(modules)) {
      const { type, isController } = each;
      const methods = methodsOf(type).map(({ method }) => method);
      if (isController) describeRoutes(type, methods);
      const listens = methods.some(handlesMessages);
      if (listens || Reflect.getMetadata(nestMetadata.gateway, type) === true)
        putFirst(nestMetadata.guards, each, own.guard);
      if (listens) putFirst(nestMetadata.filters, each, own.filter);
    }
  }

  onApplicationBootstrap(): void {
    const handlers = listHandlers(this.#modules);
    const findHandGuards = createHandGuardFinder(this.#modules);
    for (const { schema, ...others } of graphqlModulesOf(this.#modules))
      if (schema) guardSchema(schema, { ...others, handlers, guard: this.guard, findHandGuards });
  }
}

const handlesMessages = (method: object): boolean => Reflect.hasMetadata(nestMetadata.pattern, method);

/** For the OpenAPI page, which is made later from what stands on the handlers. */
function describeRoutes(type: Type, methods: readonly object[]): void {
  for (const method of methods)
    if (Reflect.hasMetadata(nestMetadata.routePath, method)) describeOperation(method, type);
}

/**
 * Puts a class before all other enhancers of a class, also before those of base classes. The instance belongs to the
 * module, so that each application that shares the class runs its own.
 */
function putFirst(
  key: string,
  { type, module }: ModuleClass,
  instance: ApplicationGuard | ApplicationErrorFilter,
): void {
  const enhancer = instance.constructor as Type;
  module.addInjectable(
    { provide: enhancer, useValue: instance },
    key === nestMetadata.guards ? 'guard' : 'filter',
  );
  const wrapped = (type.prototype as object).constructor;
  // A class decorator may have wrapped the class: versions of Nest differ in which of the two they look at.
  for (const target of new Set(wrapped.prototype === type.prototype ? [type, wrapped] : [type])) {
    const others = ((Reflect.getMetadata(key, target) ?? []) as object[]).filter((each) => each !== enhancer);
    Reflect.defineMetadata(key, [enhancer, ...others], target);
  }
}
