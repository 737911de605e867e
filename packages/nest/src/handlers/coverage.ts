import type { CanActivate, Type } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator.js';
import type { AccessPolicy } from '../access/access-policy.ts';
import { getAccessPolicy } from '../access/resolve-access.ts';
import { AccessTokenGuard } from '../guard/access-token.guard.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { listGraphqlModules } from './graphql/graphql-modules.ts';
import type { Handler } from './handler.ts';
import { rootTypeNames } from './list-handlers.ts';
import { listMethods } from './module-classes.ts';

/** The handlers to which the guard of this application is applied. */
export interface Coverage {
  /** `AuthModule` guards every handler. */
  readonly everywhere: boolean;
  /** The application registers the guard as a global guard, which Nest always applies to routes and root fields. */
  readonly globally: boolean;
  /** Nest runs guards on the resolvers of fields and references as well, in every `GraphQLModule`. */
  readonly guardsFields: boolean;
}

/** The injection token of the provider in a module that guards every handler. */
export const GUARDS_EVERYTHING = Symbol.for('countersign.GuardsEverything');

export function findCoverage(modules: ModulesContainer, config: ApplicationConfig | undefined): Coverage {
  const graphql = listGraphqlModules(modules);
  const scopedGuards = config?.getGlobalRequestGuards().map(({ metatype }) => metatype) ?? [];
  return {
    everywhere: [...modules.values()].some(({ providers }) => providers.has(GUARDS_EVERYTHING)),
    globally: [...(config?.getGlobalGuards() ?? []), ...scopedGuards].some(isAccessTokenGuard),
    guardsFields: graphql.length > 0 && graphql.every(({ guardsFields }) => guardsFields),
  };
}

/** Finds the configuration of the application: global guards, prefix and versions. Nest does not provide it. */
export function findApplicationConfig(creator: ExternalContextCreator): ApplicationConfig | undefined {
  const { container, guardsContextCreator } = creator as unknown as {
    readonly container?: { readonly applicationConfig?: ApplicationConfig };
    readonly guardsContextCreator?: { readonly config?: ApplicationConfig };
  };
  return container?.applicationConfig ?? guardsContextCreator?.config;
}

/** `inherited`: a GraphQL field without a guard, which runs only if its query was allowed. */
export type Guarding = 'guarded' | 'inherited' | 'unguarded';

/** Finds whether the guard decides about a handler. */
export function findGuarding(handler: Handler, coverage: Coverage): Guarding {
  const { everywhere, guardsFields } = coverage;
  const policy = getAccessPolicy(handler.method, handler.owner);
  const isApplied =
    everywhere || isGuardedExplicitly(handler) || (coverage.globally && acceptsGlobalGuards(handler));
  switch (handler.graphql?.kind) {
    case 'field': {
      if (isApplied && guardsFields) return 'guarded';
      const isExplicit = everywhere ? isGuardedExplicitly(handler) : isFieldGuardedExplicitly(handler);
      const needsGuard = requiresTokenExplicitly(policy) || (policy.mode !== 'public' && isExplicit);
      if (!needsGuard) return 'inherited';
      return everywhere ? 'guarded' : 'unguarded';
    }
    case 'reference':
      return everywhere || (isApplied && guardsFields) ? 'guarded' : 'unguarded';
    default:
      return isApplied ? 'guarded' : 'unguarded';
  }
}

/** Nest does not apply global guards to gateways in every version, nor to microservices of hybrid applications. */
export const acceptsGlobalGuards = ({ transport }: Handler): boolean =>
  transport === 'http' || transport === 'graphql';

/** Whether decorators of the handler require a token, so that it must not run without the guard. */
export const requiresTokenExplicitly = ({ mode, isExplicit }: AccessPolicy): boolean =>
  isExplicit && mode !== 'public';

/** Whether `@UseGuards(AccessTokenGuard)` is on the handler or on its class. */
export const isGuardedExplicitly = (handler: Pick<Handler, 'method' | 'owner'>): boolean =>
  readExplicitGuards(handler).length > 0;

/**
 * Whether an explicit guard applies to the field: it is on its method, or on a class that has only fields and
 * references. If the class also has queries, a field without a requirement runs with its query.
 */
const isFieldGuardedExplicitly = ({ method, owner }: Pick<Handler, 'method' | 'owner'>): boolean =>
  readGuards(method).length > 0 || (readGuards(owner).length > 0 && !hasRootHandlers(owner));

const hasRootHandlers = (owner: Type): boolean =>
  listMethods(owner).some(({ method }) =>
    rootTypeNames.includes(Reflect.getMetadata(nestMetadata.resolverType, method)),
  );

/** Reads the guards of this package that `@UseGuards()` applies to a class and to its handler, in Nest's order. */
export function readExplicitGuards({
  method,
  owner,
}: Pick<Handler, 'method' | 'owner'>): (CanActivate | Type<CanActivate>)[] {
  return [...readGuards(owner), ...readGuards(method)];
}

/** Reads the guards of this package that `@UseGuards()` applies to a class or method itself. */
export const readGuards = (target: object): (CanActivate | Type<CanActivate>)[] =>
  ((Reflect.getMetadata(nestMetadata.guards, target) ?? []) as unknown[]).filter(isAccessTokenGuard);

/** Matches the guard, a guard that extends it, and instances of both. */
export function isAccessTokenGuard(guard: unknown): guard is CanActivate | Type<CanActivate> {
  if (guard instanceof AccessTokenGuard || guard === AccessTokenGuard) return true;
  return typeof guard === 'function' && guard.prototype instanceof AccessTokenGuard;
}
