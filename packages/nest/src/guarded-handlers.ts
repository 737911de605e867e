import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessTokenGuard } from './access-token.guard.ts';
import { AccessTokenErrorFilter } from './access-token-error.filter.ts';
import type { GuardOptions } from './guard-options.ts';
import { describeOperation } from './openapi.ts';
import { GUARD_OPTIONS } from './tokens.ts';

/** Nest's own names for what decorators leave behind. */
const guards = '__guards__';
const filters = '__exceptionFilters__';
const gateway = 'websockets:is_gateway';
const messagePattern = 'microservices:pattern';
const routePath = 'path';

/**
 * Prepares handlers before Nest builds them. Nest does not apply global guards and filters everywhere: not to
 * microservices of a hybrid application, and guards not to gateways in every version. There they are put on the class
 * itself.
 */
@Injectable()
export class GuardedHandlers {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(AccessTokenGuard) guard: AccessTokenGuard,
    @Inject(GUARD_OPTIONS) options: GuardOptions,
  ) {
    const filter = new AccessTokenErrorFilter(options);
    for (const module of modules.values()) {
      for (const { metatype } of module.controllers.values()) {
        if (typeof metatype === 'function') describeRoutes(metatype as Type);
      }
      for (const { metatype } of [...module.providers.values(), ...module.controllers.values()]) {
        if (typeof metatype !== 'function') continue;
        const listens = methodsOf(metatype as Type).some(handlesMessages);
        if (listens || Reflect.getMetadata(gateway, metatype) === true) putFirst(guards, metatype, guard);
        if (listens) putFirst(filters, metatype, filter);
      }
    }
  }
}

const handlesMessages = (method: object): boolean => Reflect.hasMetadata(messagePattern, method);

/** For the OpenAPI page, which is made later from what stands on the handlers. */
function describeRoutes(metatype: Type): void {
  for (const method of methodsOf(metatype)) {
    if (Reflect.hasMetadata(routePath, method)) describeOperation(method, metatype);
  }
}

function methodsOf(metatype: Type): object[] {
  const methods: object[] = [];
  for (
    let each: object | null = metatype.prototype;
    each && each !== Object.prototype;
    each = Object.getPrototypeOf(each)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each)))
      if (name !== 'constructor' && typeof value === 'function') methods.push(value);
  }
  return methods;
}

/** Before all others, those of base classes too, and one only: another application of the process may have put its own there. */
function putFirst(key: string, metatype: object, own: AccessTokenGuard | AccessTokenErrorFilter): void {
  const before = (Reflect.getMetadata(key, metatype) ?? []) as object[];
  const others = before.filter((each) => each.constructor !== own.constructor);
  Reflect.defineMetadata(key, [own, ...others], metatype);
}
