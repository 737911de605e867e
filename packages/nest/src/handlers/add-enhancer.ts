import type { CanActivate, ExceptionFilter, Type } from '@nestjs/common';
import type { nestMetadata } from '../nest-metadata.ts';
import type { ModuleClass } from './module-classes.ts';

/**
 * Adds a guard or filter before all others of a class or of its methods, including those of base classes. The instance
 * belongs to the module, so that each application that shares the class uses its own instance.
 */
export function addEnhancer(
  { module }: ModuleClass,
  instance: CanActivate | ExceptionFilter,
  {
    key,
    targets,
  }: {
    readonly key: typeof nestMetadata.guards | typeof nestMetadata.filters;
    readonly targets: Iterable<object>;
  },
): void {
  const enhancer = instance.constructor as Type;
  module.addInjectable({ provide: enhancer, useValue: instance }, key === '__guards__' ? 'guard' : 'filter');
  for (const target of targets) {
    const others = ((Reflect.getMetadata(key, target) ?? []) as object[]).filter((each) => each !== enhancer);
    Reflect.defineMetadata(key, [enhancer, ...others], target);
  }
}
