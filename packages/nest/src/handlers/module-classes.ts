import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { prototypesOf } from '../access/declarations.ts';

type Module = ModulesContainer extends Map<string, infer M> ? M : never;

/** A class of a module, and the instance that Nest has of it. */
export interface ModuleClass {
  readonly module: Module;
  readonly type: Type;
  readonly isController: boolean;
  readonly instance: object | undefined;
  /** A factory or a value provides it. */
  readonly isProduced: boolean;
}

/** Every class that the modules have as a controller or a provider, also of providers that are values or factories. */
export function classesOf(modules: ModulesContainer): ModuleClass[] {
  const classes: ModuleClass[] = [];
  for (const module of modules.values()) {
    for (const isController of [true, false]) {
      for (const wrapper of (isController ? module.controllers : module.providers).values()) {
        const { metatype, isNotMetatype } = wrapper;
        const instance: unknown = wrapper.instance;
        const isObject = typeof instance === 'object' && instance !== null;
        // The metatype of a value or a factory is no class.
        const type = isNotMetatype ? isObject && instance.constructor : metatype;
        if (typeof type !== 'function' || type === Object || typeof type.prototype !== 'object') continue;
        classes.push({
          module,
          type: type as Type,
          isController,
          instance: isObject ? instance : undefined,
          isProduced: isNotMetatype,
        });
      }
    }
  }
  return classes;
}

/** A method of a class under its name, as Nest's own scanner sees it: the nearest of the prototype chain, no accessor. */
export interface ClassMethod {
  readonly name: string;
  readonly method: object;
}

export function methodsOf(type: object): ClassMethod[] {
  const methods = new Map<string, object | undefined>();
  for (const prototype of prototypesOf(type)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name !== 'constructor' && !methods.has(name))
        methods.set(name, typeof value === 'function' ? value : undefined);
    }
  }
  return [...methods].flatMap(([name, method]) => (method ? [{ name, method }] : []));
}
