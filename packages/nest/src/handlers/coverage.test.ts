import { type Type, UseGuards } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { Query } from '@nestjs/graphql';
import { describe, expect, test } from 'vitest';
import { AccessTokenGuard, Public, RequireScopes } from '../index.ts';
import { type Coverage, findCoverage, findGuarding } from './coverage.ts';
import type { GraphqlPosition, Handler, HandlerTransport } from './handler.ts';

class DerivedGuard extends AccessTokenGuard {}
class OtherGuard {}

/** Creates the modules of an application with `GraphQLModule`s that have these options. */
const createModules = (...options: object[]) =>
  new Map(
    options.map((instance, index) => [
      String(index),
      { providers: new Map([['GqlModuleOptions', { instance }]]) },
    ]),
  ) as unknown as ModulesContainer;

const createConfig = (guards: object[], scoped: object[] = []) =>
  ({
    getGlobalGuards: () => guards,
    getGlobalRequestGuards: () => scoped.map((metatype) => ({ metatype })),
  }) as unknown as ApplicationConfig;

const withGuards = { fieldResolverEnhancers: ['interceptors', 'guards'] };
const withoutGuards = { fieldResolverEnhancers: ['interceptors'] };

test.each([
  [[], false],
  [[withGuards], true],
  [[withGuards, withGuards], true],
  [[withGuards, withoutGuards], false],
  [[withoutGuards, withGuards], false],
  [[{}], false],
])('N19: Nest guards fields only if each GraphQLModule enables it: %j', (options, guardsFields) => {
  expect(findCoverage(createModules(...options), undefined).guardsFields).toBe(guardsFields);
});

test.each([
  ['no guard', createConfig([]), false],
  ['another guard', createConfig([new OtherGuard()], [OtherGuard]), false],
  ['an instance', createConfig([Object.create(AccessTokenGuard.prototype)]), true],
  ['an instance that extends it', createConfig([Object.create(DerivedGuard.prototype)]), true],
  ['a request-scoped class', createConfig([], [AccessTokenGuard]), true],
  ['a request-scoped class that extends it', createConfig([], [DerivedGuard]), true],
])('N16: finds the global guard of the application: %s', (_, config, globally) => {
  expect(findCoverage(createModules(), config)).toEqual({ everywhere: false, globally, guardsFields: false });
});

class Handlers {
  plain() {}

  @RequireScopes('items:read')
  scoped() {}

  @Public()
  public() {}

  @UseGuards(AccessTokenGuard)
  guarded() {}

  @Public()
  @UseGuards(AccessTokenGuard)
  guardedPublic() {}
}

@UseGuards(AccessTokenGuard)
class GuardedFields {
  plain() {}
}

@UseGuards(AccessTokenGuard)
class GuardedQueries {
  @Query(() => String)
  query() {}

  plain() {}
}

const methods = { Handlers, GuardedFields, GuardedQueries };

function guarding(
  name: string,
  kind: GraphqlPosition['kind'] | HandlerTransport,
  coverage: Partial<Coverage> = {},
) {
  const [className, methodName = ''] = name.split('.');
  const owner = methods[className as keyof typeof methods] as Type;
  const isTransport =
    kind === 'http' || kind === 'websocket' || kind === 'microservice' || kind === 'graphql';
  const handler: Handler = {
    transport: isTransport ? kind : 'graphql',
    owner,
    methodName,
    method: (owner.prototype as Record<string, object>)[methodName] as object,
    entries: [],
    ...(!isTransport && { graphql: { kind, type: 'Item', field: 'name' } }),
  };
  return findGuarding(handler, { everywhere: false, globally: false, guardsFields: false, ...coverage });
}

const everywhere = { everywhere: true };
const globally = { globally: true };
const guardsFields = { guardsFields: true };

describe('N16: finds whether the guard decides about', () => {
  test.each([
    ['Handlers.plain', 'http', {}, 'unguarded'],
    ['Handlers.plain', 'http', everywhere, 'guarded'],
    ['Handlers.plain', 'http', globally, 'guarded'],
    ['Handlers.plain', 'root', globally, 'guarded'],
    ['Handlers.plain', 'websocket', globally, 'unguarded'],
    ['Handlers.plain', 'microservice', globally, 'unguarded'],
    ['Handlers.guarded', 'microservice', {}, 'guarded'],
    ['GuardedFields.plain', 'root', {}, 'guarded'],
  ] as const)('%s (%s) with %j: %s', (name, kind, coverage, expected) => {
    expect(guarding(name, kind, coverage)).toBe(expected);
  });
});

describe('N19: finds whether the guard decides about a field or a reference', () => {
  test.each([
    ['Handlers.plain', 'field', {}, 'inherited'],
    ['Handlers.plain', 'field', everywhere, 'inherited'],
    ['Handlers.plain', 'field', globally, 'inherited'],
    ['Handlers.plain', 'field', { ...globally, ...guardsFields }, 'guarded'],
    ['Handlers.plain', 'field', guardsFields, 'inherited'],
    ['Handlers.scoped', 'field', {}, 'unguarded'],
    ['Handlers.scoped', 'field', guardsFields, 'unguarded'],
    ['Handlers.scoped', 'field', globally, 'unguarded'],
    ['Handlers.scoped', 'field', everywhere, 'guarded'],
    ['Handlers.public', 'field', {}, 'inherited'],
    ['Handlers.guarded', 'field', {}, 'unguarded'],
    ['Handlers.guarded', 'field', everywhere, 'guarded'],
    ['Handlers.guarded', 'field', guardsFields, 'guarded'],
    ['Handlers.guardedPublic', 'field', {}, 'inherited'],
    ['GuardedFields.plain', 'field', {}, 'unguarded'],
    ['GuardedQueries.plain', 'field', {}, 'inherited'],
    ['GuardedQueries.plain', 'field', everywhere, 'guarded'],
    ['Handlers.plain', 'reference', {}, 'unguarded'],
    ['Handlers.plain', 'reference', everywhere, 'guarded'],
    ['Handlers.plain', 'reference', globally, 'unguarded'],
    ['Handlers.plain', 'reference', guardsFields, 'unguarded'],
    ['Handlers.plain', 'reference', { ...globally, ...guardsFields }, 'guarded'],
    ['Handlers.guarded', 'reference', {}, 'unguarded'],
  ] as const)('%s (%s) with %j: %s', (name, kind, coverage, expected) => {
    expect(guarding(name, kind, coverage)).toBe(expected);
  });
});
