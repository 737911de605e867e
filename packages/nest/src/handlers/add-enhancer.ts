import type { CanActivate, ExceptionFilter, NestInterceptor, Type } from '@nestjs/common';
import { nestMetadata } from '../nest-metadata.ts';
import type { ModuleClass } from './module-classes.ts';

/** Nest's name for each kind of enhancer, by metadata key. */
const subtypes = {
  [nestMetadata.guards]: 'guard',
  [nestMetadata.filters]: 'filter',
  [nestMetadata.interceptors]: 'interceptor',
} as const;

/**
 * Adds a guard, filter or interceptor before all others of a class or of its methods, including those of base classes. The instance
 * belongs to the module, so that each application that shares the class uses its own instance.
 */
export function addEnhancer(
  { module }: ModuleClass,
  instance: CanActivate | ExceptionFilter | NestInterceptor,
  {
    key,
    targets,
  }: {
    readonly key: keyof typeof subtypes;
    readonly targets: Iterable<object>;
  },
): void {
  const enhancer = instance.constructor as Type;
  module.addInjectable({ provide: enhancer, useValue: instance }, subtypes[key]);
  for (const target of targets) {
    const others = ((Reflect.getMetadata(key, target) ?? []) as object[]).filter((each) => each !== enhancer);
    Reflect.defineMetadata(key, [enhancer, ...others], target);
  }
}
