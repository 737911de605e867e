import { Inject, Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessTokenGuard } from '../guard/access-token.guard.ts';
import type { GuardOptions } from '../guard-options.ts';
import { describeOperation } from '../http/openapi.ts';
import { GUARD_OPTIONS } from '../injection-tokens.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { ApplicationAuth, ApplicationErrorFilter, ApplicationGuard } from './application-guard.ts';
import { createExplicitGuardFinder } from './explicit-guards.ts';
import { listGraphqlModules } from './graphql/graphql-modules.ts';
import { guardSchema } from './graphql/guard-schema.ts';
import { listHandlers } from './list-handlers.ts';
import { listMethods, listModuleClasses, type ModuleClass } from './module-classes.ts';

/**
 * Applies the guard where Nest does not apply global guards: to microservices of a hybrid application, to gateways in
 * some versions, and to reference and field resolvers of GraphQL. Classes get it before Nest creates their handlers,
 * schemas after Nest has built them and before the application listens.
 */
@Injectable()
export class GuardInstaller extends ApplicationAuth implements OnApplicationBootstrap {
  readonly #modules: ModulesContainer;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(AccessTokenGuard) guard: AccessTokenGuard,
    @Inject(GUARD_OPTIONS) options: GuardOptions,
  ) {
    super(guard, options);
    this.#modules = modules;
    const applicationGuard = new ApplicationGuard(modules);
    const applicationFilter = new ApplicationErrorFilter(modules);
    for (const each of listModuleClasses(modules)) {
      const { type, isController } = each;
      const methods = listMethods(type).map(({ method }) => method);
      if (isController) describeRoutes(type, methods);
      const handlesMessages = methods.some(isMessageHandler);
      if (handlesMessages || Reflect.getMetadata(nestMetadata.gateway, type) === true)
        addFirst(nestMetadata.guards, each, applicationGuard);
      if (handlesMessages) addFirst(nestMetadata.filters, each, applicationFilter);
    }
  }

  onApplicationBootstrap(): void {
    const handlers = listHandlers(this.#modules);
    const findExplicitGuards = createExplicitGuardFinder(this.#modules);
    for (const { schema, ...others } of listGraphqlModules(this.#modules))
      if (schema) guardSchema(schema, { ...others, handlers, guard: this.guard, findExplicitGuards });
  }
}

const isMessageHandler = (method: object): boolean => Reflect.hasMetadata(nestMetadata.pattern, method);

/** Adds the requirements to the OpenAPI metadata of the routes, from which the document is created later. */
function describeRoutes(type: Type, methods: readonly object[]): void {
  for (const method of methods)
    if (Reflect.hasMetadata(nestMetadata.routePath, method)) describeOperation(method, type);
}

/**
 * Adds a guard or filter before all others of a class, including those of base classes. The instance belongs to the
 * module, so that each application that shares the class uses its own instance.
 */
function addFirst(
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
  // A class decorator may have wrapped the class. Versions of Nest differ in which of the two they read.
  for (const target of new Set(wrapped.prototype === type.prototype ? [type, wrapped] : [type])) {
    const others = ((Reflect.getMetadata(key, target) ?? []) as object[]).filter((each) => each !== enhancer);
    Reflect.defineMetadata(key, [enhancer, ...others], target);
  }
}
