import { ConfigurationError } from '@countersign/core/resource-server';
import type { CanActivate } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { guardsByHandOn } from './coverage.ts';
import { type Handler, handlerName } from './handler.ts';
import { classesOf } from './module-classes.ts';

/** Finds the guards of this package that `@UseGuards()` puts on a handler. */
export type HandGuardFinder = (handler: Pick<Handler, 'owner' | 'method'>) => readonly CanActivate[];

/**
 * The guards are the instances of the modules that have the class of the handler, as for the handlers that Nest guards:
 * another module can have another verifier.
 */
export function createHandGuardFinder(modules: ModulesContainer): HandGuardFinder {
  const classes = classesOf(modules);
  return ({ owner, method }) =>
    guardsByHandOn({ owner, method }).flatMap((guard) => {
      if (typeof guard !== 'function') return [guard];
      return classes
        .filter(({ type }) => type === owner)
        .map(({ module }) => {
          const wrapper = module.injectables.get(guard);
          const instance: unknown = wrapper?.instance;
          // The instance of a guard with a scope is a placeholder: Nest makes the real one for each request.
          if (!wrapper?.isDependencyTreeStatic() || !instance) throw scopedGuardError({ owner, method });
          return instance as CanActivate;
        });
    });
}

function scopedGuardError({ owner, method }: Pick<Handler, 'owner' | 'method'>): ConfigurationError {
  const { name: methodName } = method as { readonly name: string };
  return new ConfigurationError(
    'unguarded_handler',
    `${handlerName({ owner, methodName })} has a guard with @UseGuards() that has no static instance, and Nest does not ` +
      'run guards on field and reference resolvers. Set "fieldResolverEnhancers: [\'guards\']" in the options of ' +
      'GraphQLModule, or give the guard no request scope.',
  );
}
