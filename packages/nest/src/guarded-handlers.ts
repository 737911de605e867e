import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessTokenGuard } from './access-token.guard.ts';
import { describeOperation } from './openapi.ts';

/** Nest's own names for what decorators leave behind. */
const guards = '__guards__';
const gateway = 'websockets:is_gateway';
const messagePattern = 'microservices:pattern';
const routePath = 'path';

/**
 * Prepares handlers before Nest builds them. Nest does not apply global guards everywhere: not to microservices of a
 * hybrid application, and not to gateways in every version. There the guard is put on the class itself.
 */
@Injectable()
export class GuardedHandlers {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(AccessTokenGuard) guard: AccessTokenGuard,
  ) {
    for (const module of modules.values()) {
      for (const { metatype } of module.controllers.values()) {
        if (typeof metatype === 'function') describeRoutes(metatype as Type);
      }
      for (const { metatype } of [...module.providers.values(), ...module.controllers.values()]) {
        if (typeof metatype === 'function' && isBeyondGlobalGuards(metatype as Type))
          addGuard(metatype as Type, guard);
      }
    }
  }
}

function isBeyondGlobalGuards(metatype: Type): boolean {
  return Reflect.getMetadata(gateway, metatype) === true || methodsOf(metatype).some(handlesMessages);
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

/** First of all guards, and one only: another application of the process may have put its own there. */
function addGuard(metatype: Type, guard: AccessTokenGuard): void {
  const before = (Reflect.getOwnMetadata(guards, metatype) ?? []) as unknown[];
  const others = before.filter((each) => !(each instanceof AccessTokenGuard));
  Reflect.defineMetadata(guards, [guard, ...others], metatype);
}
