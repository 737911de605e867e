import { Inject, Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessTokenGuard } from '../guard/access-token.guard.ts';
import type { GuardOptions } from '../guard-options.ts';
import { describeOperation } from '../http/openapi.ts';
import { GUARD_OPTIONS } from '../injection-tokens.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { addEnhancer } from './add-enhancer.ts';
import { ApplicationAuth, ApplicationErrorFilter, ApplicationGuard } from './application-guard.ts';
import { createExplicitGuardFinder } from './explicit-guards.ts';
import { listGraphqlModules } from './graphql/graphql-modules.ts';
import { checkMissingSchema, guardSchema } from './graphql/guard-schema.ts';
import { listHandlers } from './list-handlers.ts';
import { listMethods, listModuleClasses } from './module-classes.ts';

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
      // Nest applies neither global filters nor global guards of an application to gateways.
      if (!methods.some(isMessageHandler) && Reflect.getMetadata(nestMetadata.gateway, type) !== true)
        continue;
      addEnhancer(each, applicationGuard, { key: nestMetadata.guards, targets: listConstructors(type) });
      addEnhancer(each, applicationFilter, { key: nestMetadata.filters, targets: listConstructors(type) });
    }
  }

  /** @throws ConfigurationError `unguarded_handler` if a schema that needs the guard cannot be found */
  onApplicationBootstrap(): void {
    const handlers = listHandlers(this.#modules);
    const findExplicitGuards = createExplicitGuardFinder(this.#modules);
    for (const { schema, ...others } of listGraphqlModules(this.#modules)) {
      if (schema) guardSchema(schema, { ...others, handlers, guard: this.guard, findExplicitGuards });
      else checkMissingSchema(others, handlers);
    }
  }
}

const isMessageHandler = (method: object): boolean => Reflect.hasMetadata(nestMetadata.pattern, method);

/** Adds the requirements to the OpenAPI metadata of the routes, from which the document is created later. */
function describeRoutes(type: Type, methods: readonly object[]): void {
  for (const method of methods)
    if (Reflect.hasMetadata(nestMetadata.routePath, method)) describeOperation(method, type);
}

/** A class decorator may have wrapped the class. Versions of Nest differ in which of the two they read. */
function listConstructors(type: Type): Set<object> {
  const wrapped = (type.prototype as object).constructor;
  return new Set(wrapped.prototype === type.prototype ? [type, wrapped] : [type]);
}
