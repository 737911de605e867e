import type { CanActivate, Type } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator.js';
import { type AccessPolicy, accessPolicyOf } from '../access/access-policy.ts';
import { AccessTokenGuard } from '../guard/access-token.guard.ts';
import { nestMetadata } from '../nest-metadata.ts';
import { graphqlModulesOf } from './graphql/graphql-modules.ts';
import type { Handler } from './handler.ts';
import { rootTypes } from './list-handlers.ts';
import { methodsOf } from './module-classes.ts';

/** Which handlers the guard of this application is applied to. */
export interface Coverage {
  /** `AuthModule` guards every handler. */
  readonly everywhere: boolean;
  /** The application has made the guard a global guard itself; Nest applies those to routes and root fields always. */
  readonly globally: boolean;
  /** Nest runs guards on the resolvers of fields and references too, in every `GraphQLModule`. */
  readonly guardsFields: boolean;
}

/** The token by which a module shows that it guards every handler. */
export const GUARDS_EVERYTHING = Symbol.for('countersign.GuardsEverything');

export function coverageOf(modules: ModulesContainer, config: ApplicationConfig | undefined): Coverage {
  const graphql = graphqlModulesOf(modules);
  const scoped = config?.getGlobalRequestGuards().map(({ metatype }) => metatype) ?? [];
  return {
    everywhere: [...modules.values()].some(({ providers }) => providers.has(GUARDS_EVERYTHING)),
    globally: [...(config?.getGlobalGuards() ?? []), ...scoped].some(isAccessTokenGuard),
    guardsFields: graphql.length > 0 && graphql.every(({ guardsFields }) => guardsFields),
  };
}

/** The configuration of the application: global guards, prefix and versions. Nest hands it to no provider. */
export function applicationConfigOf(creator: ExternalContextCreator): ApplicationConfig | undefined {
  const { container, guardsContextCreator } = creator as unknown as {
    readonly container?: { readonly applicationConfig?: ApplicationConfig };
    readonly guardsContextCreator?: { readonly config?: ApplicationConfig };
  };
  return container?.applicationConfig ?? guardsContextCreator?.config;
}

export type Guarding = 'guarded' | 'with query' | 'unguarded';

/** Whether the guard decides about a handler. */
export function guardingOf(handler: Handler, coverage: Coverage): Guarding {
  const { everywhere, guardsFields } = coverage;
  const policy = accessPolicyOf(handler.method, handler.owner);
  const isApplied =
    everywhere || isGuardedByHand(handler) || (coverage.globally && appliesGlobalGuards(handler));
  switch (handler.graphql?.kind) {
    case 'field': {
      if (isApplied && guardsFields) return 'guarded';
      const isByHand = everywhere ? isGuardedByHand(handler) : isFieldGuardedByHand(handler);
      const isAsked = isDeclared(policy) || (policy.mode !== 'public' && isByHand);
      if (!isAsked) return 'with query';
      return everywhere ? 'guarded' : 'unguarded';
    }
    case 'reference':
      return everywhere || (isApplied && guardsFields) ? 'guarded' : 'unguarded';
    default:
      return isApplied ? 'guarded' : 'unguarded';
  }
}

/** Nest does not apply global guards to gateways in every version, and not to microservices of hybrid applications. */
const appliesGlobalGuards = ({ transport }: Handler): boolean =>
  transport === 'http' || transport === 'graphql';

/** Its decorators ask for a token, so it must not run without the guard. */
export const isDeclared = ({ mode, declared }: AccessPolicy): boolean => declared && mode !== 'public';

/** `@UseGuards(AccessTokenGuard)` stands on the handler or on its class. */
export const isGuardedByHand = (handler: Pick<Handler, 'method' | 'owner'>): boolean =>
  guardsByHandOn(handler).length > 0;

/**
 * The guard is meant for the field: it stands on its method, or on a class that has nothing but fields and references.
 * Where the guard of a class decides about queries too, a field without a requirement runs with its query.
 */
const isFieldGuardedByHand = ({ method, owner }: Pick<Handler, 'method' | 'owner'>): boolean =>
  guardsOn(method).length > 0 || (guardsOn(owner).length > 0 && !hasRootHandlers(owner));

const hasRootHandlers = (owner: Type): boolean =>
  methodsOf(owner).some(({ method }) =>
    rootTypes.includes(Reflect.getMetadata(nestMetadata.resolverType, method)),
  );

/** The guards of this package that `@UseGuards()` puts on a class and on its handler, in Nest's order. */
export function guardsByHandOn({
  method,
  owner,
}: Pick<Handler, 'method' | 'owner'>): (CanActivate | Type<CanActivate>)[] {
  return [...guardsOn(owner), ...guardsOn(method)];
}

const guardsOn = (target: object): (CanActivate | Type<CanActivate>)[] =>
  ((Reflect.getMetadata(nestMetadata.guards, target) ?? []) as unknown[]).filter(isAccessTokenGuard);

/** The guard, a guard that extends it, or an instance of one. */
function isAccessTokenGuard(guard: unknown): guard is CanActivate | Type<CanActivate> {
  if (guard instanceof AccessTokenGuard || guard === AccessTokenGuard) return true;
  return typeof guard === 'function' && guard.prototype instanceof AccessTokenGuard;
}
