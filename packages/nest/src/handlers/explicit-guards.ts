import { ConfigurationError } from '@countersign/core/resource-server';
import type { CanActivate } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { readExplicitGuards } from './coverage.ts';
import { formatHandlerName, type Handler } from './handler.ts';
import { listModuleClasses } from './module-classes.ts';

/** Finds the instances of the guards of this package that `@UseGuards()` applies to a handler. */
export type ExplicitGuardFinder = (handler: Pick<Handler, 'owner' | 'method'>) => readonly CanActivate[];

/**
 * Creates a finder that returns the instances of the modules that contain the class of the handler, as Nest does:
 * another module can have another verifier.
 */
export function createExplicitGuardFinder(modules: ModulesContainer): ExplicitGuardFinder {
  const classes = listModuleClasses(modules);
  return ({ owner, method }) =>
    readExplicitGuards({ owner, method }).flatMap((guard) => {
      if (typeof guard !== 'function') return [guard];
      return classes
        .filter(({ type }) => type === owner)
        .map(({ module }) => {
          const wrapper = module.injectables.get(guard);
          const instance: unknown = wrapper?.instance;
          // The instance of a request-scoped guard is a placeholder: Nest creates the real one for each request.
          if (!wrapper?.isDependencyTreeStatic() || !instance) throw createScopeError({ owner, method });
          return instance as CanActivate;
        });
    });
}

function createScopeError({ owner, method }: Pick<Handler, 'owner' | 'method'>): ConfigurationError {
  const { name: methodName } = method as { readonly name: string };
  return new ConfigurationError(
    'unguarded_handler',
    `${formatHandlerName({ owner, methodName })} has a guard in @UseGuards() without a static instance, and Nest does ` +
      'not run guards on field and reference resolvers. Set "fieldResolverEnhancers: [\'guards\']" in the options of ' +
      'GraphQLModule, or remove the request scope of the guard.',
  );
}
