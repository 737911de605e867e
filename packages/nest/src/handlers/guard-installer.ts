import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessTokenGuard } from '../guard/access-token.guard.ts';
import type { GuardOptions } from '../guard-options.ts';
import { describeRoutes } from '../http/openapi.ts';
import { GUARD_OPTIONS } from '../injection-tokens.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { addEnhancer } from './add-enhancer.ts';
import { ApplicationAuth, ApplicationErrorFilter, ApplicationGuard } from './application-guard.ts';
import { GUARDS_EVERYTHING } from './coverage.ts';
import { createExplicitGuardFinder } from './explicit-guards.ts';
import { checkMissingSchema } from './graphql/check-schema.ts';
import { type GraphqlModule, listGraphqlModules, type Schema } from './graphql/graphql-modules.ts';
import { guardSchema } from './graphql/guard-schema.ts';
import { ResolverSet } from './graphql/resolver-set.ts';
import { createSchemaWatcher, initializeFirst, watchFactory } from './graphql/watch-schema.ts';
import type { Handler } from './handler.ts';
import { listHandlers } from './list-handlers.ts';
import { listMethods, listModuleClasses } from './module-classes.ts';

/**
 * Applies the guard where Nest does not apply global guards: to microservices of a hybrid application, to gateways in
 * some versions, and to reference and field resolvers of GraphQL. Classes get it before Nest creates their handlers.
 * Schemas get it when Nest has built them, so that every copy of them has it, and again before the application listens:
 * a driver may have changed them, or execute another schema.
 */
@Injectable()
export class GuardInstaller
  extends ApplicationAuth
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  readonly #modules: ModulesContainer;
  readonly #guardedResolvers: ResolverSet;
  readonly #resolversOfNest = new ResolverSet();
  /** The hosts of the schemas in which the resolvers of Nest are known. */
  readonly #knownHosts = new WeakSet<object>();
  readonly #watch = createSchemaWatcher<GraphqlModule>((schema, module) => this.#guardSchema(schema, module));

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(AccessTokenGuard) guard: AccessTokenGuard,
    @Inject(GUARD_OPTIONS) options: GuardOptions,
  ) {
    super(guard, options);
    this.#modules = modules;
    this.#guardedResolvers = new ResolverSet(modules);
    initializeFirst(modules, GUARDS_EVERYTHING);
    const applicationGuard = new ApplicationGuard(modules);
    const applicationFilter = new ApplicationErrorFilter(modules);
    for (const each of listModuleClasses(modules)) {
      const { type, isController } = each;
      const namedMethods = listMethods(type);
      const methods = namedMethods.map(({ method }) => method);
      if (isController) describeRoutes(type, namedMethods);
      // Nest applies neither global filters nor global guards of an application to gateways.
      if (!methods.some(isMessageHandler) && Reflect.getMetadata(nestMetadata.gateway, type) !== true)
        continue;
      addEnhancer(each, applicationGuard, { key: nestMetadata.guards, targets: listConstructors(type) });
      addEnhancer(each, applicationFilter, { key: nestMetadata.filters, targets: listConstructors(type) });
    }
  }

  /** Drivers may copy the schema when they start, so it gets the guard before that. */
  onModuleInit(): void {
    for (const module of listGraphqlModules(this.#modules)) {
      this.#watch(module.schemaHolders, module);
      for (const factory of module.schemaFactories) watchFactory(factory, this.#resolversOfNest);
    }
  }

  /**
   * @throws ConfigurationError `unguarded_handler` if a schema that needs the guard cannot be found, or `invalid_option` if
   *   another running application uses it
   */
  onApplicationBootstrap(): void {
    for (const module of listGraphqlModules(this.#modules)) {
      checkMissingSchema(module, this.#listHandlers(module));
      for (const schema of module.executedSchemas) this.#guardSchema(schema, module);
      this.#watch(module.schemaHolders, module);
    }
  }

  /** A development server starts the next application before this one has closed. */
  onModuleDestroy(): void {
    this.#guardedResolvers.beginClose();
  }

  /** Another application may use the same schema, for example the next one in a test suite. */
  onApplicationShutdown(): void {
    this.#guardedResolvers.close();
  }

  /** Types of other schemas may have the same names. */
  #listHandlers({ includes }: GraphqlModule): Handler[] {
    return listHandlers(this.#modules).filter(({ owner }) => includes(owner));
  }

  /**
   * Only the first schema of a host may have the resolvers of Nest, if its driver has not replaced them. A later one or a copy
   * may have replaced them.
   */
  #guardSchema(schema: Schema, module: GraphqlModule): void {
    const host = module.schemaHolders[0];
    const isFirst = host !== undefined && !this.#knownHosts.has(host);
    if (host) this.#knownHosts.add(host);
    guardSchema(schema, {
      guardsFields: module.guardsFields,
      isReplaced: isFirst
        ? (type, field, resolver) => module.isReplaced(type, field) || !this.#resolversOfNest.has(resolver)
        : () => true,
      guardedResolvers: this.#guardedResolvers,
      handlers: this.#listHandlers(module),
      guard: this.guard,
      findExplicitGuards: createExplicitGuardFinder(this.#modules),
    });
  }
}

const isMessageHandler = (method: object): boolean => Reflect.hasMetadata(nestMetadata.pattern, method);

/** A class decorator may have wrapped the class. Versions of Nest differ in which of the two they read. */
function listConstructors(type: Type): Set<object> {
  const wrappedClass = (type.prototype as object).constructor;
  return new Set(wrappedClass.prototype === type.prototype ? [type, wrappedClass] : [type]);
}
