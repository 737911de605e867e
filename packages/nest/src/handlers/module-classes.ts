import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { listPrototypes } from '../access/decorator-metadata.ts';

/** A module in Nest's container. */
export type Module = ModulesContainer extends Map<string, infer M> ? M : never;

/** Nest's record of a class, which creates and keeps its instances. */
export type InstanceWrapper = Module['providers'] extends Map<unknown, infer W> ? W : never;

/** A class of a module, and Nest's instance of it. */
export interface ModuleClass {
  readonly module: Module;
  readonly type: Type;
  readonly wrapper: InstanceWrapper;
  readonly isController: boolean;
  readonly instance: object | undefined;
  /** True if a factory or a value provides the instance. */
  readonly isProduced: boolean;
}

/** Lists every class that is a controller or a provider of a module, including providers that are values or factories. */
export function listModuleClasses(modules: ModulesContainer): ModuleClass[] {
  const classes: ModuleClass[] = [];
  for (const module of modules.values()) {
    for (const isController of [true, false]) {
      for (const wrapper of (isController ? module.controllers : module.providers).values()) {
        const { metatype, isNotMetatype } = wrapper;
        const instance: unknown = wrapper.instance;
        const isObject = typeof instance === 'object' && instance !== null;
        // The metatype of a value or a factory is not a class.
        const type = isNotMetatype ? isObject && instance.constructor : metatype;
        if (typeof type !== 'function' || type === Object || typeof type.prototype !== 'object') continue;
        classes.push({
          module,
          type: type as Type,
          wrapper,
          isController,
          instance: isObject ? instance : undefined,
          isProduced: isNotMetatype,
        });
      }
    }
  }
  return classes;
}

/** A method of a class and its name. */
export interface ClassMethod {
  readonly name: string;
  readonly method: object;
}

/** Lists the methods of a class as Nest's scanner does: the nearest of the prototype chain, without accessors. */
export function listMethods(type: object): ClassMethod[] {
  const methods = new Map<string, object | undefined>();
  for (const prototype of listPrototypes(type)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name !== 'constructor' && !methods.has(name))
        methods.set(name, typeof value === 'function' ? value : undefined);
    }
  }
  return [...methods].flatMap(([name, method]) => (method ? [{ name, method }] : []));
}
